import { type SQL, sql } from 'drizzle-orm'
import { z } from 'zod'
import { isDay } from '../../calendar/days.ts'
import type { Db } from '../../runtime/db/database.ts'
import { bigint, query, queryColumn } from '../../runtime/db/query.ts'
import { isCounted } from '../public-papers.ts'
import { canonicalSlug } from '../topics/keywords.ts'

/** Every field is optional. Without `q`, the newest papers come first. */
export interface SearchQuery {
  /** words, "phrases in quotes", -exclusions, or an arXiv id or link */
  q?: string | undefined
  /** list days, inclusive, YYYY-MM-DD */
  from?: string | undefined
  to?: string | undefined
  /** a slug, which may be an earlier one */
  topic?: string | undefined
  hasCode?: boolean | undefined
  /** best or newest first; best without it */
  order?: 'relevance' | 'date' | undefined
  /** searches for the words as typed, even when no paper has them */
  exact?: boolean | undefined
  /** `next` of the previous page */
  after?: string | undefined
  /** papers per page */
  limit?: number | undefined
}

export interface DatedQuery extends SearchQuery {
  /** the last list day to search. Unlike `to`, it is no filter that a reader set */
  today: string
}

/** A paper found. Results are sorted by `sortKey`, then by id, both descending. */
export interface Match {
  id: number
  /** a list day, or a score with a fixed number of digits, so that its text sorts like the number */
  sortKey: string
  /** whether its title has the words, where that is known */
  isTitled?: boolean | undefined
}

const MatchRow = z.object({ id: bigint, sortKey: z.string(), isTitled: z.boolean().optional() })

export const readMatches = (db: Db, statement: SQL): Promise<Match[]> => query(db, MatchRow, statement)

/** From this many matches on, a scan from the newest paper is faster than the index of words. */
export const MANY_MATCHES = 5_000

const Plan = z.tuple([z.object({ Plan: z.object({ 'Plan Rows': z.number() }) })])

/** Returns PostgreSQL's estimate of how many papers `p` meet a condition. */
export async function estimateMatches(db: Db, condition: SQL): Promise<number> {
  const [plan] = await queryColumn(db, Plan)`EXPLAIN (FORMAT JSON) SELECT FROM papers p WHERE ${condition}`
  return plan![0].Plan['Plan Rows']
}

/** Whether papers `p` are searched and meet the filters. */
export const filters = ({ today, from, to, topic, hasCode }: DatedQuery): SQL =>
  sql.join(
    [
      isCounted(today),
      ...(from && isDay(from) ? [sql`p.list_day >= ${from}::date`] : []),
      ...(to && isDay(to) ? [sql`p.list_day <= ${to}::date`] : []),
      ...(topic ? [sql`p.topics @> ARRAY[${canonicalSlug(topic)}]`] : []),
      ...(hasCode ? [sql`p.code_url IS NOT NULL`] : []),
    ],
    sql` AND `,
  )

/** Sort key of a paper `p` by its list day alone; by relevance, one above every rank. */
export const dayKey = ({ order }: SearchQuery): SQL =>
  order === 'date' ? sql`p.list_day::text` : sql`to_char(p.list_day - date '0001-01-01', 'FM0000000') || '.000000'`

export const isFiltered = ({ from, to, topic, hasCode }: SearchQuery): boolean =>
  Boolean(from || to || topic || hasCode)

/** Returns PostgreSQL's form of a query in the words of `parseQuery`. */
export const tsquery = (text: string): SQL => sql`websearch_to_tsquery('english', unaccented(${text}))`
