import { type SQL, sql } from 'drizzle-orm'
import { daysBetween, daysLater, isDay } from '../../calendar/days.ts'
import type { Db } from '../../runtime/db/database.ts'
import { prepared } from '../../runtime/db/prepared.ts'
import { bigint, queryOne, query as read, text } from '../../runtime/db/query.ts'
import type { ParsedQuery } from './parse-query.ts'
import {
  type DatedQuery,
  estimateMatches,
  filters,
  MANY_MATCHES,
  type Match,
  readMatches,
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
/** When so many of the newest matches have the words in their titles, a scan finds the others soon. */
const MANY_TITLED = 30

/** Returns papers that have all words and phrases, best first; of very many, the best of the newest. */
export async function findBest(db: Db, { whole }: ParsedQuery, query: DatedQuery): Promise<Matches> {
  const words = tsquery(whole)
  const { matches: newest, ...count } = await findNewest(db, query, whole, MOST_RANKED)
  const titled = newest.length < MOST_RANKED ? [] : await findInTitles(db, words, query, newest)
  return { matches: await rank(db, words, { newest, titled }), ...count }
}

/**
 * Returns the newest papers that pass the filters and have these words.
 * @param whole words of a ParsedQuery; without it, all papers
 * @param after continues behind this paper
 */
export async function findNewest(
  db: Db,
  query: DatedQuery,
  whole: string | undefined,
  limit: number,
  after?: Match,
): Promise<Matches> {
  const condition = whole ? sql`p.search @@ ${tsquery(whole)} AND ${filters(query)}` : filters(query)
  const estimate = await estimateMatches(db, condition)
  const sorted = whole && estimate < MANY_MATCHES ? await sortAllMatches(db, condition, limit, after) : undefined
  if (sorted) return sorted
  const expected = whole ? Math.max(estimate, MANY_MATCHES) : estimate
  const matches =
    !whole || (await isScannable(db, query, { whole, limit, expected }))
      ? await scanFromNewest(db, condition, limit, after, whole ? inTitle(tsquery(whole)) : undefined)
      : await searchNewestDays(db, query, condition, { limit, after, part: limit / expected })
  if (!after && matches.length < limit) return { matches, total: matches.length, approximate: false }
  return { matches, ...(await countMatches(db, condition, expected)) }
}

/**
 * Whether a scan is faster than a search by days. The unit is the 20 µs that it takes to read a paper's words. A scan reads them for
 * papers that pass the filters. The index of words takes 0.17 µs for each paper with one of the words.
 */
async function isScannable(
  db: Db,
  query: DatedQuery,
  { whole, limit, expected }: { whole: string; limit: number; expected: number },
): Promise<boolean> {
  const [papers, allowed] = await Promise.all([estimateMatches(db, sql`true`), estimateMatches(db, filters(query))])
  const words = whole.trim().split(/\s+/).length
  return (limit / expected) * (allowed + papers / 20) <= 600 + (words * expected) / 60
}

/** From this many papers on, the count is PostgreSQL's estimate: each may lie on a page of its own, which takes 6 µs to read. */
const MANY_TO_COUNT = 2_000

async function countMatches(db: Db, condition: SQL, expected: number): Promise<Pick<Matches, 'total' | 'approximate'>> {
  if (expected >= MANY_TO_COUNT) return { total: Number(expected.toPrecision(2)), approximate: true }
  const counted = sql`SELECT count(*) AS total FROM papers p WHERE ${condition}`
  return { ...(await queryOne(db, { total: bigint }, counted)), approximate: false }
}

const isAfter = (after: Match | undefined): SQL =>
  after ? sql`(p.list_day, p.id) < (${after.sortKey}::date, ${after.id}::bigint)` : sql`true`

/** Returns the newest papers `p` that match. PostgreSQL may scan from the newest paper and stop at the limit. */
const scanFromNewest = (
  db: Db,
  condition: SQL,
  limit: number,
  after?: Match,
  isTitled = sql`false`,
): Promise<Match[]> =>
  readMatches(
    db,
    sql`
      SELECT p.id, p.list_day::text AS sort_key, ${isTitled} AS is_titled
      FROM papers p WHERE ${condition} AND ${isAfter(after)}
      ORDER BY p.list_day DESC, p.id DESC LIMIT ${limit}`,
  )

/**
 * Returns the same as `scanFromNewest`. MATERIALIZED makes PostgreSQL find all matches by index before it sorts them.
 * @returns undefined when there are MANY_MATCHES after all: words that belong together occur together more often than expected
 */
async function sortAllMatches(db: Db, condition: SQL, limit: number, after?: Match): Promise<Matches | undefined> {
  const rows = await read(db, { id: bigint.nullable(), sortKey: text.nullable(), total: bigint })`
      WITH matching AS MATERIALIZED (SELECT p.id, p.list_day FROM papers p WHERE ${condition} LIMIT ${MANY_MATCHES + 1})
      SELECT p.id, p.list_day::text AS sort_key, counted.total
      FROM (SELECT count(*) AS total FROM matching) counted
      LEFT JOIN LATERAL (
        SELECT * FROM matching p WHERE ${isAfter(after)} ORDER BY p.list_day DESC, p.id DESC LIMIT ${limit}
      ) p ON true
      ORDER BY p.list_day DESC, p.id DESC`
  const { total } = rows[0]!
  if (total > MANY_MATCHES) return undefined
  const matches = rows.flatMap(({ id, sortKey }) => (id === null ? [] : { id, sortKey: sortKey! }))
  return { matches, total, approximate: false }
}

/** How many times more matches than needed the days searched should have. */
const SPARE = 3
const WIDER = 8

/**
 * Returns the same as `scanFromNewest`, for words that too few papers have to scan for, and too many to sort. It searches so many of
 * the newest days as should have enough matches: PostgreSQL then reads only papers that both indexes name. Without enough, it
 * searches more days.
 *
 * @param page.part of the days that should have enough matches
 */
async function searchNewestDays(
  db: Db,
  query: DatedQuery,
  condition: SQL,
  { limit, after, part }: { limit: number; after: Match | undefined; part: number },
): Promise<Match[]> {
  const { first, last } = await queryOne(db, { first: text.nullable(), last: text.nullable() })`
    SELECT greatest(min(list_day), ${dayOrNull(query.from)}::date)::text AS first,
      least(max(list_day), ${dayOrNull(query.to)}::date, ${query.today}::date)::text AS last
    FROM papers`
  if (first === null || last === null || first > last) return []
  let to = after && after.sortKey < last ? after.sortKey : last
  const matches: Match[] = []
  for (let days = Math.ceil((daysBetween(first, last) + 1) * SPARE * part); ; days *= WIDER) {
    const since = daysLater(to, -days)
    const inDays = sql`${condition} AND ${isAfter(after)} AND p.list_day BETWEEN ${since}::date AND ${to}::date`
    const found = await readMatches(
      db,
      sql`
        WITH matching AS MATERIALIZED (SELECT p.id, p.list_day FROM papers p WHERE ${inDays})
        SELECT id, list_day::text AS sort_key FROM matching ORDER BY list_day DESC, id DESC LIMIT ${limit - matches.length}`,
    )
    matches.push(...found)
    if (matches.length === limit || since <= first) return matches
    to = daysLater(since, -1)
  }
}

const dayOrNull = (day: string | undefined): string | null => (day && isDay(day) ? day : null)

/** Whether a paper `p` has the words in its title, where they have the weight A. To read the title itself takes four times as long. */
const inTitle = (words: SQL): SQL =>
  sql`p.search @@ regexp_replace(${words}::text, '''(?:[^'']|'''')+''', '\\&:A', 'g')::tsquery`

/**
 * Returns the newest papers with these words in their titles, for words that more papers have than are ranked. Those among the given
 * matches may be missing.
 * It reads the days of the given matches and some times as many before. So its cost does not grow with the library.
 */
async function findInTitles(db: Db, words: SQL, query: DatedQuery, newest: readonly Match[]): Promise<Match[]> {
  const [last, first] = [newest[0]!.sortKey, newest.at(-1)!.sortKey]
  const days = (daysBetween(first, last) + 1) * TITLED_DAYS
  const inDays = sql`p.list_day > ${last}::date - ${days}::int AND ${filters(query)}`
  const known = newest.filter((match) => match.isTitled).length
  if (known >= MOST_TITLED) return []
  if (known >= MANY_TITLED)
    return scanFromNewest(db, sql`${inTitle(words)} AND ${inDays}`, MOST_TITLED - known, newest.at(-1))
  // The index of titles holds no word order: a phrase would read every title again. `rank` checks phrases later.
  const unordered = sql`regexp_replace(${words}::text, '<[-0-9]+>', '&', 'g')::tsquery`
  const indexed = sql`to_tsvector('english', unaccented(coalesce(p.shown_title, p.title))) @@ ${unordered}`
  return scanFromNewest(db, sql`${indexed} AND ${inDays}`, MOST_TITLED)
}

/** Weights of summary, abstract, authors with organisation and keywords, title. PostgreSQL expects the order {D, C, B, A}. */
const WEIGHTS = sql.raw(`'{0.1, 0.2, 0.5, 1}'::real[]`)

/**
 * Ranks by where the words stand, and several words also by how near each other: they find .73 instead of .71 of papers
 * by three words (docs/decisions/search-plan.md). Of one word, nearness would only count how often it occurs.
 */
function rank(db: Db, words: SQL, { newest, titled }: Record<'newest' | 'titled', readonly Match[]>): Promise<Match[]> {
  const idsOf = (matches: readonly Match[]) => sql`${sql.param(matches.map(({ id }) => id))}::bigint[]`
  const statement = sql`
      SELECT p.id, to_char((ts_rank(${WEIGHTS}, p.search, asked.positive)
        + CASE WHEN numnode(asked.positive) > 1 THEN ts_rank_cd(${WEIGHTS}, p.search, asked.positive) ELSE 0 END)::numeric, 'FM000.000000') AS sort_key
      -- querytree drops exclusions, for which ts_rank returns 0.
      FROM papers p, (SELECT words, querytree(words)::tsquery AS positive FROM (SELECT ${words} AS words) given OFFSET 0) asked
      WHERE p.id = ANY(${idsOf(newest)} || ${idsOf(titled)})
        -- Reading a paper's words is the slow part, and the newest matches are known to have them.
        AND (p.id = ANY(${idsOf(newest)}) OR p.search @@ asked.words)
      ORDER BY 2 DESC, 1 DESC`
  return readMatches(db, prepared(statement))
}
