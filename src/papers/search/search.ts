import { type SQL, sql } from 'drizzle-orm'
import { daysBetween, isDay } from '../../calendar/days.ts'
import { safeText } from '../../lib/postgres-safe.ts'
import type { Db } from '../../runtime/db/database.ts'
import { readListed } from '../lists/listed-rows.ts'
import { arxivId } from '../paper-id.ts'
import { canonicalSlug } from '../topics/keywords.ts'
import { correctSpelling } from './correct-spelling.ts'
import { type FoundPaper, highlight } from './highlight.ts'

// docs/decisions/search-plan.md explains the steps and the limits below.

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
  /** `next` of the previous page */
  after?: string | undefined
  /** papers per page */
  limit?: number | undefined
}

export interface SearchResult {
  papers: FoundPaper[]
  /** `after` of the next page; undefined on the last one */
  next?: string | undefined
  /** the corrected words that found these papers, when the given ones found none */
  corrected?: string | undefined
}

/** Only the newest matches are ranked: ts_rank reads a paper's 2 KB of words, which takes 20 µs. */
const MOST_RANKED = 200
const MOST_TITLED = 100
const TITLED_DAYS = 8
/** From this many matches on, a scan from the newest paper is faster than the index of words. */
const MANY_MATCHES = 5_000
const PAGE = 20
const MOST_PER_PAGE = 100
const LONGEST_QUERY = 300

/**
 * Finds papers with these words in title, abstract, authors or keywords, best first and newest first among equals.
 * Without words it returns all papers that pass the filters, newest first. An arXiv id or link finds that paper.
 * No text in `q` makes it fail.
 */
export async function searchPapers({ db, now }: Deps, query: SearchQuery): Promise<SearchResult> {
  const q = safeText(query.q ?? '')
    .trim()
    .slice(0, LONGEST_QUERY)
  const result = await search({ db, now }, q, query)
  if (result.papers.length > 0 || query.after || q === '') return result
  const corrected = await correctSpelling(db, q)
  if (corrected === undefined) return result
  const better = await search({ db, now }, corrected, query)
  return better.papers.length > 0 ? { ...better, corrected } : result
}

interface Deps {
  db: Db
  now: () => Date
}

async function search({ db, now }: Deps, q: string, query: SearchQuery): Promise<SearchResult> {
  const limit = Math.min(Math.max(query.limit ?? PAGE, 1), MOST_PER_PAGE)
  const id = arxivId(q)
  const matches = id
    ? await findByArxivId(db, id)
    : q
      ? await findByWords(db, q, query, limit + 1)
      : await findNewest(db, query, limit + 1)
  const page = matches.slice(0, limit)
  const rows = await readListed(
    db,
    page.map((match) => match.id),
    now(),
  )
  const papers = await highlight(db, id ? '' : q, rows)
  const last = page.at(-1)
  return { papers, next: matches.length > limit && last ? `${last.sortKey}:${last.id}` : undefined }
}

interface Match {
  id: number
  /** a list day or a rank; matches are sorted by it, then by id */
  sortKey: string
}

async function readMatches(db: Db, statement: SQL): Promise<Match[]> {
  const { rows } = await db.execute<{ id: string; sort_key: string }>(statement)
  return rows.map((row) => ({ id: Number(row.id), sortKey: row.sort_key }))
}

const findByArxivId = (db: Db, id: string): Promise<Match[]> =>
  readMatches(db, sql`SELECT id, '0' AS sort_key FROM papers WHERE source = 'arxiv' AND source_id = ${id}`)

function findNewest(db: Db, query: SearchQuery, limit: number): Promise<Match[]> {
  const after = parseCursor(query.after, isDay)
  const isAfter = after ? sql`(p.list_day, p.id) < (${after.sortKey}::date, ${after.id}::bigint)` : sql`true`
  return scanFromNewest(db, sql`${filters(query)} AND ${isAfter}`, limit)
}

async function findByWords(db: Db, q: string, query: SearchQuery, limit: number): Promise<Match[]> {
  const words = sql`websearch_to_tsquery('english', unaccented(${q}))`
  const condition = sql`p.search @@ ${words} AND ${filters(query)}`
  const readNewest = (await estimateMatches(db, words)) < MANY_MATCHES ? sortAllMatches : scanFromNewest
  const newest = await readNewest(db, condition, MOST_RANKED)
  const titled = newest.length < MOST_RANKED ? [] : await findInTitles(db, words, query, newest)
  return rank(db, words, { newest, titled }, query.after, limit)
}

/** Returns PostgreSQL's estimate of how many papers have the words. */
async function estimateMatches(db: Db, words: SQL): Promise<number> {
  const { rows } = await db.execute<{ 'QUERY PLAN': [{ Plan: { 'Plan Rows': number } }] }>(
    sql`EXPLAIN (FORMAT JSON) SELECT FROM papers p WHERE p.search @@ ${words}`,
  )
  return rows[0]!['QUERY PLAN'][0].Plan['Plan Rows']
}

/** Returns the newest papers `p` that match. PostgreSQL may scan from the newest paper and stop at the limit. */
const scanFromNewest = (db: Db, condition: SQL, limit: number): Promise<Match[]> =>
  readMatches(
    db,
    sql`
      SELECT p.id, p.list_day::text AS sort_key FROM papers p WHERE ${condition}
      ORDER BY p.list_day DESC, p.id DESC LIMIT ${limit}`,
  )

/** Returns the same as `scanFromNewest`. MATERIALIZED makes PostgreSQL find all matches by index before it sorts them. */
const sortAllMatches = (db: Db, condition: SQL, limit: number): Promise<Match[]> =>
  readMatches(
    db,
    sql`
      WITH matching AS MATERIALIZED (SELECT p.id, p.list_day FROM papers p WHERE ${condition})
      SELECT id, list_day::text AS sort_key FROM matching ORDER BY matching.list_day DESC, id DESC LIMIT ${limit}`,
  )

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

/** Weights of abstract, authors and keywords, title. ts_rank expects the order {D, C, B, A}. */
const WEIGHTS = sql.raw(`'{0.1, 0.2, 0.5, 1}'`)

function rank(
  db: Db,
  words: SQL,
  { newest, titled }: Record<'newest' | 'titled', readonly Match[]>,
  cursor: string | undefined,
  limit: number,
): Promise<Match[]> {
  const after = parseCursor(cursor, (key) => /^\d+(\.\d+)?(e-\d+)?$/.test(key))
  const isAfter = after ? sql`(rank, id) < (${after.sortKey}::float8, ${after.id}::bigint)` : sql`true`
  const idsOf = (matches: readonly Match[]) => sql`${sql.param(matches.map(({ id }) => id))}::bigint[]`
  return readMatches(
    db,
    sql`
      WITH ranked AS (
        -- querytree drops exclusions, for which ts_rank returns 0.
        SELECT p.id, ts_rank(${WEIGHTS}::real[], p.search, querytree(${words})::tsquery)::float8 AS rank
        FROM papers p WHERE p.id = ANY(${idsOf(newest)} || ${idsOf(titled)})
          -- Reading a paper's words is the slow part, and the newest matches are known to have them.
          AND (p.id = ANY(${idsOf(newest)}) OR p.search @@ ${words})
      )
      SELECT id, rank::text AS sort_key FROM ranked WHERE ${isAfter} ORDER BY ranked.rank DESC, id DESC LIMIT ${limit}`,
  )
}

const filters = ({ from, to, topic, hasCode }: SearchQuery): SQL =>
  sql.join(
    [
      sql`NOT (p.sample AND EXISTS (SELECT FROM papers real WHERE real.list_day = p.list_day AND NOT real.sample))`,
      ...(from && isDay(from) ? [sql`p.list_day >= ${from}::date`] : []),
      ...(to && isDay(to) ? [sql`p.list_day <= ${to}::date`] : []),
      ...(topic ? [sql`p.topics @> ARRAY[${canonicalSlug(topic)}]`] : []),
      ...(hasCode ? [sql`p.code_url IS NOT NULL`] : []),
    ],
    sql` AND `,
  )

/** Returns undefined for a malformed cursor: the search starts from the first page. */
function parseCursor(cursor: string | undefined, isSortKey: (text: string) => boolean): Match | undefined {
  const [, sortKey, id] = /^(.{1,40}):(\d{1,15})$/.exec(cursor ?? '') ?? []
  return sortKey && isSortKey(sortKey) ? { sortKey, id: Number(id) } : undefined
}
