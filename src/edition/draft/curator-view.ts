import { desc, eq, sql } from 'drizzle-orm'
import { z } from 'zod'
import { readable } from '../../papers/readable.ts'
import { bigint, number, query, text } from '../../runtime/db/query.ts'
import { type EditionSection, editionPapers, editions, paperSection } from '../../runtime/db/schema.ts'
import type { Services } from '../../runtime/services.ts'
import { type EditionKey, findEdition } from './control.ts'
import { isListed } from './curate.ts'

/** A paper in the curator's view of an edition; plain text. */
export interface CuratorPaper {
  id: number
  /** as in its link and in commands */
  source: string
  sourceId: string
  title: string
  authors: string[]
  listDay: string
  section: EditionSection
  reason: string
  votes: number | null
  comments: number | null
  verdict: 'picked' | 'dropped' | null
  /** Markdown, in a draft */
  note: string | null
  abstract: string
  organization: string | null
  codeUrl: string | null
  stars: number | null
  /** the place that the curator fixed, from 1 on */
  place: number | null
  /** of another list day, and picked or dropped for this edition alone */
  isGuest: boolean
}

/** Lists the newest editions, including drafts and cancelled ones. */
export const listLatestEditions = ({ db }: Pick<Services, 'db'>, max: number) =>
  db
    .select({
      id: editions.id,
      kind: editions.kind,
      date: editions.date,
      state: editions.state,
      held: editions.held,
      releaseAt: editions.releaseAt,
      papers: db.$count(editionPapers, eq(editionPapers.editionId, editions.id)),
    })
    .from(editions)
    .orderBy(desc(editions.date), editions.kind)
    .limit(max)

/**
 * Reads an edition with its papers in order, and the papers that the curator dropped from it.
 *
 * @throws PaperboyError EDITION_NOT_FOUND
 */
export async function readCuratorView({ db }: Pick<Services, 'db'>, key: EditionKey) {
  const edition = await findEdition({ db }, key)
  const days = key.kind === 'weekly' ? 7 : 1
  const isOurs = sql`list_day >= ${key.date}::date AND list_day < ${key.date}::date + ${days}::int`
  const rows = await query(db, Row)`
    SELECT p.id, p.source, p.source_id, coalesce(ep.title, p.title) AS title, p.authors, p.list_day::text, p.abstract, p.organization, p.code_url,
      ep.section, ep.reason, ep.votes, ep.comments, ep.stars, k.verdict, CASE WHEN ${edition.state === 'draft'} THEN k.note ELSE ep.note END AS note, pin.place
    FROM (SELECT * FROM edition_papers WHERE edition_id = ${edition.id}) ep
      FULL JOIN (SELECT DISTINCT paper_id FROM picks WHERE verdict = 'dropped' AND ${isOurs}) dropped ON dropped.paper_id = ep.paper_id
      JOIN papers p ON p.id = coalesce(ep.paper_id, dropped.paper_id)
      LEFT JOIN LATERAL (
        -- A paper of another day may have a verdict there, which does not count here.
        SELECT verdict, note FROM picks WHERE paper_id = p.id AND ${isOurs} ORDER BY list_day = p.list_day DESC LIMIT 1
      ) k ON true
      LEFT JOIN edition_pins pin ON pin.edition_id = ${edition.id} AND pin.paper_id = p.id
    ORDER BY ep.position NULLS LAST, p.list_position, p.id`
  const paper = (row: (typeof rows)[number]): CuratorPaper => ({
    ...row,
    title: readable(row.title),
    abstract: readable(row.abstract),
    organization: row.organization && readable(row.organization),
    section: row.section ?? 'top',
    reason: row.reason ?? '',
    isGuest: !isListed(row.listDay, key),
  })
  return {
    edition,
    papers: rows.filter(({ section }) => section !== null).map(paper),
    dropped: rows.filter(({ section }) => section === null).map(paper),
  }
}

const Row = z.object({
  id: bigint,
  source: text,
  sourceId: text,
  title: text,
  authors: z.array(text),
  listDay: text,
  abstract: text,
  organization: text.nullable(),
  codeUrl: text.nullable(),
  section: z.enum(paperSection.enumValues).nullable(),
  reason: text.nullable(),
  votes: number.nullable(),
  comments: number.nullable(),
  stars: number.nullable(),
  verdict: z.enum(['picked', 'dropped']).nullable(),
  note: text.nullable(),
  place: number.nullable(),
})
