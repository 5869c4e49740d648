import { and, asc, desc, eq, gt, inArray, isNotNull, lt } from 'drizzle-orm'
import { newGalley, setIn } from '../../mail/message-buffer.ts'
import type { Locale } from '../../messages/catalogue.ts'
import { editionPapers, editions } from '../../runtime/db/schema.ts'
import type { Services } from '../../runtime/services.ts'
import { plateOf } from './compiled-edition.ts'
import { layOut } from './digest.ts'
import { fillingFor } from './placeholders.ts'
import { decodeBody, type EditionParts } from './segments.ts'
import { readParts } from './stored-segments.ts'

type Deps = Pick<Services, 'db'>
type Kind = 'daily' | 'weekly'

/** Released and not cancelled: what the public may read. */
const open = and(isNotNull(editions.releasedAt), inArray(editions.state, ['released', 'sending', 'paused', 'sent']))

/** All editions in the archive, newest first. */
export async function listEditions({ db }: Deps) {
  return db
    .select({
      date: editions.date,
      kind: editions.kind,
      subject: editions.subject,
      releasedAt: editions.releasedAt,
      papers: db.$count(editionPapers, eq(editionPapers.editionId, editions.id)),
    })
    .from(editions)
    .where(open)
    .orderBy(desc(editions.date), asc(editions.kind))
}

/**
 * An edition as everybody may read it: the same parts as the mail, every paper, and a foot without personal links.
 * @param locale the language wanted; English where the edition was not composed in it
 * @returns undefined when there is no such edition in the archive
 */
export async function readEdition({ db }: Deps, date: string, kind: Kind = 'daily', locale: Locale = 'en') {
  const [edition] = await db
    .select({ id: editions.id, date: editions.date, subject: editions.subject })
    .from(editions)
    .where(and(open, eq(editions.kind, kind), eq(editions.date, date)))
  const parts = edition && (await readParts(db, edition.id, locale))
  if (!edition || !parts) return undefined
  const { id: _, ...rest } = edition
  const neighbour = async (direction: typeof lt, order: typeof desc) => {
    const [found] = await db
      .select({ date: editions.date })
      .from(editions)
      .where(and(open, eq(editions.kind, kind), direction(editions.date, date)))
      .orderBy(order(editions.date))
      .limit(1)
    return found?.date
  }
  return {
    ...rest,
    ...publicBodies(parts),
    locale: parts.locale,
    previous: await neighbour(lt, desc),
    next: await neighbour(gt, asc),
  }
}

/** Both bodies of an edition, decoded, with every paper and no personal link. */
export function publicBodies(parts: EditionParts): { html: string; text: string } {
  const plate = plateOf(parts)
  const shown = parts.sections.map((_, position) => ({ position }))
  const { preheader } = plate.lead(shown.map(({ position }) => position))
  const bodyOf = (format: 'html' | 'text') => {
    const body = plate[format]
    const galley = newGalley()
    layOut(
      {
        body,
        sections: plate.sections,
        cards: body.archiveCards,
        opening: body.openings.archive,
        notice: undefined,
        foot: body.archiveFoot,
        mostBytes: Number.POSITIVE_INFINITY,
      },
      shown,
      fillingFor(format, NOBODY, preheader),
      galley,
    )
    return decodeBody(setIn(galley))
  }
  return { html: bodyOf('html'), text: bodyOf('text') }
}

const NOBODY = { unsubscribeToken: '', preferencesToken: '', voteToken: '' }
