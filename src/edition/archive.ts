import { and, asc, desc, eq, gt, inArray, isNotNull, lt } from 'drizzle-orm'
import { editionPapers, editionParts, editions } from '../db/schema.ts'
import type { Services } from '../services.ts'
import { assembleBody } from './digest.ts'
import { type BodyParts, closed, decodeBody, type EditionParts } from './parts.ts'
import { LOCALE } from './release.ts'

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
 * @returns undefined when there is no such edition in the archive
 */
export async function readEdition({ db }: Deps, date: string, kind: Kind = 'daily') {
  const [edition] = await db
    .select({ date: editions.date, subject: editions.subject, parts: editionParts.parts })
    .from(editions)
    .innerJoin(editionParts, and(eq(editionParts.editionId, editions.id), eq(editionParts.locale, LOCALE)))
    .where(and(open, eq(editions.kind, kind), eq(editions.date, date)))
  if (!edition) return undefined
  const { parts, ...rest } = edition
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
    ...publicBodies(parts as EditionParts),
    previous: await neighbour(lt, desc),
    next: await neighbour(gt, asc),
  }
}

/** Both bodies of an edition, decoded, with every paper and no personal link. */
export function publicBodies(parts: EditionParts): { html: string; text: string } {
  const everything = parts.sections.map((_, position) => position)
  const body = (of: BodyParts) =>
    decodeBody(
      assembleBody(of, parts.sections, everything, of.archiveFoot, (hole, number) =>
        closed(String(hole === 'number' ? number : everything.length)),
      ),
    )
  return { html: body(parts.html), text: body(parts.text) }
}
