import { type SQL, sql } from 'drizzle-orm'
import { z } from 'zod'
import { daysBetween } from '../../calendar/days.ts'
import type { Db } from '../../runtime/db/database.ts'
import { bigint, queryOne, query as read } from '../../runtime/db/query.ts'
import type { ParsedQuery } from './parse-query.ts'
import {
  estimateMatches,
  filters,
  MANY_MATCHES,
  type Match,
  readMatches,
  type SearchQuery,
  tsquery,
} from './search-query.ts'

// docs/decisions/search-plan.md explains the steps and the limits below.

/** Papers found, and how many there are. */
export interface Matches {
  matches: Match[]
  total: number
  /** whether `total` is PostgreSQL's estimate */
  approximate: boolean
}

/** Only the newest matches are ranked: ts_rank reads a paper's 2 KB of words, which takes 20 µs. */
const MOST_RANKED = 200
const MOST_TITLED = 100
const TITLED_DAYS = 8

/** Returns papers that have all words and phrases, best first; of very many, the best of the newest. */
export async function findBest(db: Db, { whole }: ParsedQuery, query: SearchQuery): Promise<Matches> {
  const words = tsquery(whole)
  const { matches: newest, ...count } = await findNewest(db, query, words, MOST_RANKED)
  const titled = newest.length < MOST_RANKED ? [] : await findInTitles(db, words, query, newest)
  return { matches: await rank(db, words, { newest, titled }), ...count }
}

/**
 * Returns the newest papers that pass the filters and have these words.
 * @param words a tsquery; without it, all papers
 * @param after continues behind this paper
 */
export async function findNewest(
  db: Db,
  query: SearchQuery,
  words: SQL | undefined,
  limit: number,
  after?: Match,
): Promise<Matches> {
  const found = words ? sql`p.search @@ ${words}` : undefined
  const condition = found ? sql`${found} AND ${filters(query)}` : filters(query)
  if (found && (await estimateMatches(db, found)) < MANY_MATCHES) return sortAllMatches(db, condition, limit, after)
  const matches = await scanFromNewest(db, condition, limit, after)
  if (!after && matches.length < limit) return { matches, total: matches.length, approximate: false }
  return { matches, ...(await countMatches(db, condition)) }
}

/** Counts exactly where that is fast. */
async function countMatches(db: Db, condition: SQL): Promise<Pick<Matches, 'total' | 'approximate'>> {
  const estimate = await estimateMatches(db, condition)
  if (estimate >= MANY_MATCHES) return { total: Number(estimate.toPrecision(2)), approximate: true }
  const counted = sql`SELECT count(*) AS total FROM papers p WHERE ${condition}`
  return { ...(await queryOne(db, z.object({ total: bigint }), counted)), approximate: false }
}

const isAfter = (after: Match | undefined): SQL =>
  after ? sql`(p.list_day, p.id) < (${after.sortKey}::date, ${after.id}::bigint)` : sql`true`

/** Returns the newest papers `p` that match. PostgreSQL may scan from the newest paper and stop at the limit. */
const scanFromNewest = (db: Db, condition: SQL, limit: number, after?: Match): Promise<Match[]> =>
  readMatches(
    db,
    sql`
      SELECT p.id, p.list_day::text AS sort_key FROM papers p WHERE ${condition} AND ${isAfter(after)}
      ORDER BY p.list_day DESC, p.id DESC LIMIT ${limit}`,
  )

/** Returns the same as `scanFromNewest`. MATERIALIZED makes PostgreSQL find all matches by index before it sorts them. */
async function sortAllMatches(db: Db, condition: SQL, limit: number, after?: Match): Promise<Matches> {
  const rows = await read(
    db,
    z.object({ id: bigint.nullable(), sortKey: z.string().nullable(), total: bigint }),
    sql`
      WITH matching AS MATERIALIZED (SELECT p.id, p.list_day FROM papers p WHERE ${condition})
      SELECT p.id, p.list_day::text AS sort_key, counted.total
      FROM (SELECT count(*) AS total FROM matching) counted
      LEFT JOIN LATERAL (
        SELECT * FROM matching p WHERE ${isAfter(after)} ORDER BY p.list_day DESC, p.id DESC LIMIT ${limit}
      ) p ON true
      ORDER BY p.list_day DESC, p.id DESC`,
  )
  const matches = rows.flatMap(({ id, sortKey }) => (id === null ? [] : { id, sortKey: sortKey! }))
  return { matches, total: rows[0]!.total, approximate: false }
}

/**
 * Returns the newest papers with these words in their titles, for words that more papers have than are ranked.
 * It reads the days of the given matches and some times as many before. So its cost does not grow with the library.
 */
function findInTitles(db: Db, words: SQL, query: SearchQuery, newest: readonly Match[]): Promise<Match[]> {
  const [last, first] = [newest[0]!.sortKey, newest.at(-1)!.sortKey]
  const days = (daysBetween(first, last) + 1) * TITLED_DAYS
  // The index of titles holds no word order: a phrase would read every title again. `rank` checks phrases later.
  const unordered = sql`regexp_replace(${words}::text, '<[-0-9]+>', '&', 'g')::tsquery`
  return scanFromNewest(
    db,
    sql`to_tsvector('english', unaccented(coalesce(p.shown_title, p.title))) @@ ${unordered}
      AND p.list_day > ${last}::date - ${days}::int AND ${filters(query)}`,
    MOST_TITLED,
  )
}

/** Weights of summary, abstract, authors with organisation and keywords, title. PostgreSQL expects the order {D, C, B, A}. */
const WEIGHTS = sql.raw(`'{0.1, 0.2, 0.5, 1}'::real[]`)

/**
 * Ranks by where the words stand, and several words also by how near each other: they find .73 instead of .71 of papers
 * by three words (docs/decisions/search-plan.md). Of one word, nearness would only count how often it occurs.
 */
function rank(db: Db, words: SQL, { newest, titled }: Record<'newest' | 'titled', readonly Match[]>): Promise<Match[]> {
  const idsOf = (matches: readonly Match[]) => sql`${sql.param(matches.map(({ id }) => id))}::bigint[]`
  return readMatches(
    db,
    sql`
      SELECT p.id, to_char((ts_rank(${WEIGHTS}, p.search, asked.words)
        + CASE WHEN numnode(asked.words) > 1 THEN ts_rank_cd(${WEIGHTS}, p.search, asked.words) ELSE 0 END)::numeric, 'FM000.000000') AS sort_key
      -- querytree drops exclusions, for which ts_rank returns 0.
      FROM papers p, (SELECT querytree(${words})::tsquery AS words OFFSET 0) asked
      WHERE p.id = ANY(${idsOf(newest)} || ${idsOf(titled)})
        -- Reading a paper's words is the slow part, and the newest matches are known to have them.
        AND (p.id = ANY(${idsOf(newest)}) OR p.search @@ ${words})
      ORDER BY 2 DESC, 1 DESC`,
  )
}
