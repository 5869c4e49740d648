import { sql } from 'drizzle-orm'
import { z } from 'zod'
import { type ListedRow, readListed } from '../../papers/lists/listed-rows.ts'
import { StoredFacts } from '../../papers/ranking/reason.ts'
import { readable } from '../../papers/readable.ts'
import { bigint, query, queryColumn, queryOne, text } from '../../runtime/db/query.ts'
import { type EditionSection, paperSection } from '../../runtime/db/schema.ts'
import type { Services } from '../../runtime/services.ts'

type Kind = 'daily' | 'weekly'

/** A paper as an edition has it: its votes are those at the edition's close. */
export interface EditionPaper extends ListedRow, StoredFacts {
  /** its place in the edition, starting at 1 */
  rank: number
  section: EditionSection
  /** the curator's words */
  note?: string | undefined
}

/** A released edition as a page shows it. */
export interface EditionList {
  kind: Kind
  date: string
  /** dates of the editions of this kind before and after it */
  previous?: string | undefined
  next?: string | undefined
  papers: EditionPaper[]
}

/** The public may read released editions `e` that were not cancelled. */
export const IN_ARCHIVE = sql`e.released_at IS NOT NULL AND e.state IN ('released', 'sending', 'paused', 'sent')`

/** Reads the papers of a released edition, in its order. Returns undefined when the archive has no such edition. */
export async function readEditionList(
  { db, now }: Pick<Services, 'db' | 'now'>,
  date: string,
  kind: Kind = 'daily',
): Promise<EditionList | undefined> {
  const row = z.object({
    paperId: bigint,
    position: z.number(),
    section: z.enum(paperSection.enumValues),
    note: z.string().nullable(),
    votes: z.number().nullable(),
    comments: z.number().nullable(),
    curator: z.string().nullable(),
    facts: StoredFacts,
  })
  const places = await query(db, row)`
      SELECT p.paper_id, p.position, p.section, p.note, p.votes, p.comments, p.curator, p.facts
      FROM editions e JOIN edition_papers p ON p.edition_id = e.id
      WHERE e.kind = ${kind} AND e.date = ${date}::date AND ${IN_ARCHIVE} ORDER BY p.position`
  if (places.length === 0) return undefined
  const ids = places.map(({ paperId }) => paperId)
  const listed = new Map((await readListed(db, ids, now())).map((paper) => [paper.id, paper]))
  return {
    kind,
    date,
    ...(await neighbours(db, date, kind)),
    papers: places.flatMap(({ paperId, position, ...place }) => {
      const paper = listed.get(paperId)
      return paper ? [{ ...paper, ...frozen(place), rank: position + 1 }] : []
    }),
  }
}

/** Returns the date of the newest daily edition in the archive. */
export async function newestEdition({ db }: Pick<Services, 'db'>): Promise<string | undefined> {
  const [newest] = await queryColumn(db, text)`
    SELECT e.date::text FROM editions e WHERE e.kind = 'daily' AND ${IN_ARCHIVE} ORDER BY e.date DESC LIMIT 1`
  return newest
}

/** Reads the dates of the editions of a kind before and after a date, which the public may read. */
export async function neighbours(db: Services['db'], date: string, kind: Kind) {
  const { previous, next } = await queryOne(db, { previous: text.nullable(), next: text.nullable() })`
      SELECT max(e.date) FILTER (WHERE e.date < ${date}::date)::text AS previous,
        min(e.date) FILTER (WHERE e.date > ${date}::date)::text AS next
      FROM editions e WHERE e.kind = ${kind} AND ${IN_ARCHIVE}`
  return { previous: previous ?? undefined, next: next ?? undefined }
}

interface Frozen {
  section: EditionSection
  note: string | null
  votes: number | null
  comments: number | null
  curator: string | null
  facts: StoredFacts
}

const frozen = ({ section, note, curator, facts, ...counts }: Frozen) => ({
  section,
  note: note === null ? undefined : readable(note),
  pickedBy: curator ?? undefined,
  picked: curator !== null,
  votes: counts.votes ?? undefined,
  comments: counts.comments ?? undefined,
  list: facts.list,
  rise: facts.rise,
  week: facts.week,
})
