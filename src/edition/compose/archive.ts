import { and, asc, desc, eq, gt, inArray, isNotNull, lt, or, sql } from 'drizzle-orm'
import { isDay } from '../../calendar/days.ts'
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

/** Three months of daily and weekly editions. */
const PAGE = 104

/** A place in the archive: "2026-04-14-daily". The next page of its list begins behind it. */
const PLACE = /^(?<date>\d{4}-\d{2}-\d{2})-(?<kind>daily|weekly)$/

/**
 * Lists a page of the archive, newest edition first, with what names each: the curator's subject, or the first papers.
 * @param after `next` of the page before; any other text lists the first page
 * @returns `next` undefined on the last page
 */
export async function listEditions({ db }: Pick<Deps, 'db'>, t: Messages, after = '') {
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
    .where(and(inArchive, behind(after)))
    .orderBy(desc(editions.date), asc(editions.kind))
    .limit(PAGE + 1)
  const last = rows.length > PAGE ? rows[PAGE - 1] : undefined
  return {
    editions: rows.slice(0, PAGE).map(({ ownSubject, first: titles, ...edition }) => ({
      ...edition,
      about: ownSubject ?? summarizeNames(titles.map(nameInSubject), edition.papers, t),
    })),
    next: last && `${last.date}-${last.kind}`,
  }
}

function behind(place: string) {
  const { date, kind } = PLACE.exec(place)?.groups ?? {}
  if (!date || !isDay(date)) return undefined
  return or(lt(editions.date, date), and(eq(editions.date, date), gt(editions.kind, kind as Kind)))
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
