import { and, asc, desc, eq, inArray, isNotNull, sql } from 'drizzle-orm'
import { MessageBuffer } from '../../mail/message-buffer.ts'
import { decodeLines } from '../../mail/quoted-printable.ts'
import type { Locale, Messages } from '../../messages/catalogue.ts'
import { editionPapers, editions } from '../../runtime/db/schema.ts'
import type { Services } from '../../runtime/services.ts'
import { compileEdition } from './compiled-edition.ts'
import { writeBody } from './digest.ts'
import { neighbours } from './edition-list.ts'
import { bindPlaceholders } from './placeholders.ts'
import type { EditionSegments } from './segments.ts'
import { readSegments } from './stored-segments.ts'
import { nameInSubject, summarizeNames } from './subject.ts'

type Deps = Pick<Services, 'db' | 'config' | 'now'>
type Kind = 'daily' | 'weekly'

/** The public may read released editions that were not cancelled. */
const inArchive = and(
  isNotNull(editions.releasedAt),
  inArray(editions.state, ['released', 'sending', 'paused', 'sent']),
)

/** Lists all editions in the archive, newest first, with what names each: the curator's subject, or the first papers. */
export async function listEditions({ db }: Pick<Deps, 'db'>, t: Messages) {
  const first = sql<
    string[]
  >`ARRAY(SELECT coalesce(ep.title, p.title) FROM edition_papers ep JOIN papers p ON p.id = ep.paper_id
    WHERE ep.edition_id = editions.id ORDER BY ep.position LIMIT 2)`
  const rows = await db
    .select({
      date: editions.date,
      kind: editions.kind,
      ownSubject: editions.ownSubject,
      first,
      papers: db.$count(editionPapers, eq(editionPapers.editionId, editions.id)),
    })
    .from(editions)
    .where(inArchive)
    .orderBy(desc(editions.date), asc(editions.kind))
  return rows.map(({ ownSubject, first: titles, ...edition }) => ({
    ...edition,
    about: ownSubject ?? summarizeNames(titles.map(nameInSubject), edition.papers, t),
  }))
}

/**
 * Reads an edition as the public sees it: the segments of the digest, every paper, and a foot without personal links.
 *
 * @param locale English where the edition was not composed in this language
 * @returns undefined when the archive has no such edition
 */
export async function readEdition(deps: Deps, date: string, kind: Kind = 'daily', locale: Locale = 'en') {
  const { db } = deps
  const [edition] = await db
    .select({ id: editions.id, date: editions.date, subject: editions.subject })
    .from(editions)
    .where(and(inArchive, eq(editions.kind, kind), eq(editions.date, date)))
  const segments = edition && (await readSegments(deps, edition.id, locale))
  if (!edition || !segments) return undefined
  const { id: _, ...rest } = edition
  return {
    ...rest,
    ...composePublicBodies(segments),
    locale: segments.locale,
    ...(await neighbours(db, date, kind)),
  }
}

/** Composes both bodies of an edition, decoded, with every paper and no personal link. */
export function composePublicBodies(segments: EditionSegments): { html: string; text: string } {
  const edition = compileEdition(segments)
  const shown = segments.sections.map((_, position) => ({ position }))
  const { preheader } = edition.inboxWords(shown.map(({ position }) => position))
  const compose = (format: 'html' | 'text') => {
    const body = edition[format]
    const cards = body.cards({ yours: false, sourceLinks: false, abstracts: false, personal: false })
    const buffer = new MessageBuffer()
    writeBody(
      {
        body,
        sections: edition.sections,
        ranked: cards,
        yours: cards,
        opening: body.openings.archive,
        notice: undefined,
        unlisted: undefined,
        foot: body.archiveFoot,
        maxBytes: Number.POSITIVE_INFINITY,
      },
      shown,
      bindPlaceholders(format, NO_READER, preheader),
      buffer,
    )
    return decodeLines(buffer.written())
  }
  return { html: compose('html'), text: compose('text') }
}

const NO_READER = { unsubscribeToken: '', preferencesToken: '', voteToken: '' }
