import { desc, eq } from 'drizzle-orm'
import { z } from 'zod'
import { readable } from '../../papers/readable.ts'
import { bigint, number, query, text } from '../../runtime/db/query.ts'
import { editionPapers, editions, paperSection } from '../../runtime/db/schema.ts'
import type { Services } from '../../runtime/services.ts'
import { type EditionKey, findEdition } from './control.ts'

/** A paper in the curator's view of an edition; plain text. */
export interface CuratorPaper {
  id: number
  /** as in its link and in commands */
  source: string
  sourceId: string
  title: string
  authors: string[]
  listDay: string
  section: (typeof paperSection.enumValues)[number]
  reason: string
  votes: number | null
  comments: number | null
  verdict: 'picked' | 'dropped' | null
  note: string | null
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
 * Reads an edition with its papers in order, and the papers of its days that the curator dropped.
 *
 * @throws PaperboyError EDITION_NOT_FOUND
 */
export async function readCuratorView({ db }: Pick<Services, 'db'>, key: EditionKey) {
  const edition = await findEdition({ db }, key)
  const rows = await query(db, {
    id: bigint,
    source: text,
    sourceId: text,
    title: text,
    authors: z.array(text),
    listDay: text,
    section: z.enum(paperSection.enumValues).nullable(),
    reason: text.nullable(),
    votes: number.nullable(),
    comments: number.nullable(),
    verdict: z.enum(['picked', 'dropped']).nullable(),
    note: text.nullable(),
  })`
    SELECT p.id, p.source, p.source_id, coalesce(ep.title, p.title) AS title, p.authors, p.list_day::text, ep.section, ep.reason, ep.votes, ep.comments,
      k.verdict, k.note
    FROM (SELECT * FROM edition_papers WHERE edition_id = ${edition.id}) ep
      FULL JOIN (
        SELECT * FROM picks WHERE verdict = 'dropped' AND list_day >= ${key.date}::date
          AND list_day < ${key.date}::date + ${key.kind === 'weekly' ? 7 : 1}::int
      ) dropped ON dropped.paper_id = ep.paper_id
      JOIN papers p ON p.id = coalesce(ep.paper_id, dropped.paper_id)
      LEFT JOIN picks k ON k.paper_id = p.id AND k.list_day = p.list_day
    ORDER BY ep.position NULLS LAST, p.list_position, p.id`
  const paper = (row: (typeof rows)[number]): CuratorPaper => ({
    ...row,
    title: readable(row.title),
    section: row.section ?? 'top',
    reason: row.reason ?? '',
  })
  return {
    edition,
    papers: rows.filter(({ section }) => section !== null).map(paper),
    dropped: rows.filter(({ section }) => section === null).map(paper),
  }
}
