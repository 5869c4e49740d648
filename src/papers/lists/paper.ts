import { type SQL, sql } from 'drizzle-orm'
import { z } from 'zod'
import { dayOf } from '../../calendar/days.ts'
import type { Db } from '../../runtime/db/database.ts'
import { prepared } from '../../runtime/db/prepared.ts'
import { bigint, moment, number, query, queryOne, text } from '../../runtime/db/query.ts'
import { doiIn } from '../doi.ts'
import { arxivId, isTitleId } from '../paper-id.ts'
import type { PaperKey } from '../paper-path.ts'
import { isPublic } from '../public-papers.ts'
import { readable } from '../readable.ts'
import { type ListedRow, readListed } from './listed-rows.ts'

/** A paper with everything its page shows, in plain text that a page must escape. */
export interface Paper extends ListedRow {
  abstract: string
  /** the abstract as the source wrote it, with its LaTeX */
  abstractSource: string
  keywords: string[]
  publishedAt?: Date | undefined
  withdrawnAt?: Date | undefined
  updatedAt: Date
  /** the source's votes at each observation, oldest first */
  history: { at: Date; votes: number }[]
  ownVotes: number
  /** the archived editions with this paper, newest first; `position` starts at 1 */
  editions: { kind: 'daily' | 'weekly'; date: string; position: number; papers: number }[]
}

/** A paper found by its name. */
interface NamedPaper extends PaperKey {
  /** as the source wrote it */
  title: string
  listDay: string
}

/** Reads a paper for its page. Returns undefined for an unknown id. */
export async function readPaper({ db, now }: { db: Db; now: () => Date }, id: number): Promise<Paper | undefined> {
  const at = now()
  const [listed] = await readListed(db, [id], at)
  if (!listed) return undefined
  return { ...listed, ...(await readFacts(db, id, at)), ownVotes: listed.ownVotes ?? 0 }
}

/**
 * Finds a paper by its arXiv id, DOI or link in any form, by the id made of its title, or by its number here.
 * @returns undefined for an unknown paper, and for one that is not public yet
 */
export const findPublicPaper = (
  { db, now }: { db: Db; now: () => Date },
  typed: string,
): Promise<NamedPaper | undefined> => findPaper(db, typed, isPublic(dayOf(now())))

/** Finds a paper as `findPublicPaper` does, also one of a list day to come. @param restricted a condition on papers `p` */
export async function findPaper(db: Db, typed: string, restricted: SQL = sql`true`): Promise<NamedPaper | undefined> {
  const name = nameIn(typed)
  if (name === undefined) return undefined
  const [found] = await query(
    db,
    { id: bigint, source: text, sourceId: text, title: text, listDay: text },
    prepared(sql`
      SELECT id, source, source_id, title, list_day::text FROM papers p
      WHERE ${typeof name === 'number' ? sql`id = ${name}` : sql`source = ${name.source} AND source_id = ${name.id}`} AND ${restricted}`),
  )
  return found
}

/** Parses what a paper may be called. A number is ours, since no source's id is one. */
function nameIn(typed: string): number | { source: string; id: string } | undefined {
  const arxiv = arxivId(typed)
  if (arxiv !== undefined) return { source: 'arxiv', id: arxiv }
  if (/^[1-9]\d{0,14}$/.test(typed)) return Number(typed)
  if (isTitleId(typed)) return { source: 'title', id: typed }
  const doi = doiIn(typed)
  return doi === undefined ? undefined : { source: 'doi', id: doi }
}

const Facts = z.object({
  abstract: text,
  keywords: z.array(text),
  publishedAt: moment.nullable(),
  withdrawnAt: moment.nullable(),
  updatedAt: moment,
  history: z.array(z.object({ at: moment, votes: number })),
  editions: z.array(z.object({ kind: z.enum(['daily', 'weekly']), date: text, position: number, papers: number })),
})

/** One statement, because each takes longer to send than to run. */
async function readFacts(db: Db, id: number, at: Date) {
  const row = await queryOne(
    db,
    Facts,
    prepared(sql`
      SELECT abstract, keywords, published_at, withdrawn_at, updated_at, coalesce((
        SELECT jsonb_agg(jsonb_build_object('at', observed_at, 'votes', votes) ORDER BY observed_at)
        FROM signals WHERE paper_id = ${id} AND observed_at <= ${at}
      ), '[]') AS history, coalesce((
        SELECT jsonb_agg(jsonb_build_object('kind', e.kind, 'date', e.date, 'position', p.position + 1,
          'papers', (SELECT count(*) FROM edition_papers WHERE edition_id = e.id)) ORDER BY e.date DESC, e.kind)
        FROM edition_papers p JOIN editions e ON e.id = p.edition_id
        WHERE p.paper_id = ${id} AND e.released_at IS NOT NULL AND e.state <> 'cancelled'
      ), '[]') AS editions
      FROM papers WHERE id = ${id}`),
  )
  return {
    abstract: readable(row.abstract),
    abstractSource: row.abstract,
    keywords: row.keywords.map(readable),
    publishedAt: row.publishedAt ?? undefined,
    withdrawnAt: row.withdrawnAt ?? undefined,
    updatedAt: row.updatedAt,
    history: row.history,
    editions: row.editions,
  }
}
