import { type SQL, sql } from 'drizzle-orm'
import { isDay, startOfDay } from '../../calendar/days.ts'
import { safeText } from '../../lib/postgres-safe.ts'
import type { Db } from '../../runtime/db/database.ts'
import type { ListedRow } from '../lists/list-day.ts'
import { readListed } from '../lists/listed-rows.ts'
import { arxivId } from '../paper-id.ts'
import { readable } from '../readable.ts'
import { spelled } from './spelling.ts'

/** What is looked for. Everything may be left out; without `q` the newest papers come first. */
export interface SearchQuery {
  /** words, "phrases in quotes", -exclusions, or an arXiv id or link */
  q?: string | undefined
  /** list days, inclusive, YYYY-MM-DD */
  from?: string | undefined
  to?: string | undefined
  /** a slug */
  topic?: string | undefined
  hasCode?: boolean | undefined
  /** `next` of the page before */
  after?: string | undefined
  /** papers a page */
  limit?: number | undefined
}

/** A paper found, and where: pieces of plain text, each to be escaped; `hit` is what to emphasise. */
export interface FoundPaper extends ListedRow {
  titlePieces: Piece[]
  snippet: Piece[]
}
export interface Piece {
  text: string
  hit: boolean
}

export interface Found {
  papers: FoundPaper[]
  /** `after` of the next page; undefined: there is none */
  next?: string | undefined
  /** nothing was found, but with these words instead, spelled as papers spell them */
  corrected?: string | undefined
}

/**
 * Ranked are the newest that match, and the newest whose titles do: a word that every other paper has would be ranked for too long,
 * since a paper's words are some 2 KB that are read one by one (20 µs).
 */
const MOST_RANKED = 200
const MOST_TITLED = 100
const TITLED_DAYS = 8
const PAGE = 20
const MOST_A_PAGE = 100
const LONGEST_QUERY = 300

/**
 * Papers that have these words in title, abstract, authors or keywords, best first, newest first among equals; or all that pass the
 * filters, newest first. An arXiv id or link finds that paper. Never fails by what is in `q`.
 */
export async function searchPapers({ db, now }: Deps, query: SearchQuery): Promise<Found> {
  const q = safeText(query.q ?? '')
    .trim()
    .slice(0, LONGEST_QUERY)
  const found = await search({ db, now }, q, query)
  if (found.papers.length > 0 || query.after || q === '') return found
  const corrected = await spelled(db, q)
  if (corrected === undefined) return found
  const better = await search({ db, now }, corrected, query)
  return better.papers.length > 0 ? { ...better, corrected } : found
}

interface Deps {
  db: Db
  now: () => Date
}

async function search({ db, now }: Deps, q: string, query: SearchQuery): Promise<Found> {
  const limit = Math.min(Math.max(query.limit ?? PAGE, 1), MOST_A_PAGE)
  const id = arxivId(q)
  const places = id
    ? await byArxivId(db, id)
    : q
      ? await byWords(db, q, query, limit + 1)
      : await newest(db, query, limit + 1)
  const page = places.slice(0, limit)
  const rows = await readListed(
    db,
    page.map((place) => place.id),
    now(),
  )
  const papers = await marked(db, id ? '' : q, rows)
  const last = page.at(-1)
  return { papers, next: places.length > limit && last ? `${last.place}:${last.id}` : undefined }
}

interface Place {
  id: number
  /** what the list is sorted by, before the id */
  place: string
}

const placesOf = ({ rows }: { rows: Record<string, unknown>[] }): Place[] =>
  rows.map((row) => ({ id: Number(row.id), place: String(row.place) }))

const byArxivId = async (db: Db, id: string) =>
  placesOf(await db.execute(sql`SELECT id, 0 AS place FROM papers WHERE source = 'arxiv' AND source_id = ${id}`))

async function byWords(db: Db, q: string, query: SearchQuery, limit: number): Promise<Place[]> {
  const after = placeAfter(query.after, /^\d+(\.\d+)?(e-\d+)?$/)
  const words = sql`websearch_to_tsquery('english', unaccented(${q}))`
  const condition = sql`p.search @@ ${words} AND ${filters(query)}`
  const found = (await areFew(db, words))
    ? await newestOfAll(db, condition, MOST_RANKED)
    : await newestWith(db, condition, MOST_RANKED)
  const titled = found.length < MOST_RANKED ? [] : await titledLately(db, words, query, found)
  const foundIds = sql`${sql.param(found.map(({ id }) => id))}::bigint[]`
  return placesOf(
    await db.execute(sql`
      WITH ranked AS (
        -- Without what is excluded, for whose sake ts_rank would say 0 of every paper.
        SELECT p.id, ts_rank(${WEIGHTS}::real[], p.search, querytree(${words})::tsquery)::float8 AS place
        FROM papers p WHERE p.id = ANY(${foundIds} || ${sql.param(titled.map(({ id }) => id))}::bigint[])
          -- Reading a paper's words takes longest: those found are known to have these.
          AND (p.id = ANY(${foundIds}) OR p.search @@ ${words})
      )
      SELECT id, place::text FROM ranked
      WHERE ${after ? sql`(place, id) < (${after.place}::float8, ${after.id}::bigint)` : sql`true`}
      ORDER BY ranked.place DESC, id DESC LIMIT ${limit}`),
  )
}

/**
 * The newest with these words in their titles, where more papers have the words than are ranked. Looked for in the days that those
 * found are of and some times as many before: of all days it would take longer the more papers there are.
 */
function titledLately(db: Db, words: SQL, query: SearchQuery, found: readonly Place[]): Promise<Place[]> {
  const [newest, oldest] = [found[0]!.place, found.at(-1)!.place]
  const days = (startOfDay(newest).getTime() - startOfDay(oldest).getTime()) / 86_400_000 + 1
  // The index of titles does not know the order of words, and would read every title anew; whether they are a phrase is asked later.
  const unordered = sql`regexp_replace(${words}::text, '<[-0-9]+>', '&', 'g')::tsquery`
  return newestWith(
    db,
    sql`to_tsvector('english', unaccented(coalesce(p.shown_title, p.title))) @@ ${unordered} AND p.list_day > ${newest}::date - ${days * TITLED_DAYS}::int AND ${filters(query)}`,
    MOST_TITLED,
  )
}

/** Of the abstract, authors and keywords, title, as ts_rank wants them: {D, C, B, A}. */
const WEIGHTS = sql.raw(`'{0.1, 0.2, 0.5, 1}'`)

function newest(db: Db, query: SearchQuery, limit: number): Promise<Place[]> {
  const after = placeAfter(query.after, /^\d{4}-\d{2}-\d{2}$/)
  return newestWith(
    db,
    sql`${filters(query)} AND ${after && isDay(after.place) ? sql`(p.list_day, p.id) < (${after.place}::date, ${after.id}::bigint)` : sql`true`}`,
    limit,
  )
}

/** The newest papers `p` of which this is true, with their list days. */
const newestWith = async (db: Db, condition: SQL, limit: number): Promise<Place[]> =>
  placesOf(
    await db.execute(sql`
      SELECT p.id, p.list_day::text AS place FROM papers p WHERE ${condition}
      ORDER BY p.list_day DESC, p.id DESC LIMIT ${limit}`),
  )

/** Of so many papers and more, the newest are found sooner by reading all papers from the newest on. */
const FEW = 5_000

/**
 * Whether the index of words finds these in few papers, as PostgreSQL expects. It would not go by the index by itself where it
 * should, since it does not count in that a paper's words lie apart from the paper.
 */
async function areFew(db: Db, words: SQL): Promise<boolean> {
  const { rows } = await db.execute<{ 'QUERY PLAN': [{ Plan: { 'Plan Rows': number } }] }>(
    sql`EXPLAIN (FORMAT JSON) SELECT FROM papers p WHERE p.search @@ ${words}`,
  )
  return rows[0]!['QUERY PLAN'][0].Plan['Plan Rows'] < FEW
}

/** The same as `newestWith`, where all that match are read before the newest are taken. */
const newestOfAll = async (db: Db, condition: SQL, limit: number): Promise<Place[]> =>
  placesOf(
    await db.execute(sql`
      WITH matching AS MATERIALIZED (SELECT p.id, p.list_day FROM papers p WHERE ${condition})
      SELECT id, list_day::text AS place FROM matching ORDER BY matching.list_day DESC, id DESC LIMIT ${limit}`),
  )

const filters = ({ from, to, topic, hasCode }: SearchQuery): SQL =>
  sql.join(
    [
      sql`NOT (p.sample AND EXISTS (SELECT FROM papers real WHERE real.list_day = p.list_day AND NOT real.sample))`,
      ...(from && isDay(from) ? [sql`p.list_day >= ${from}::date`] : []),
      ...(to && isDay(to) ? [sql`p.list_day <= ${to}::date`] : []),
      ...(topic ? [sql`p.topics @> ARRAY[${topic}]`] : []),
      ...(hasCode ? [sql`p.code_url IS NOT NULL`] : []),
    ],
    sql` AND `,
  )

/** A place that was not of our making starts from the beginning. */
function placeAfter(after: string | undefined, form: RegExp): Place | undefined {
  const [, place, id] = /^(.{1,40}):(\d{1,15})$/.exec(after ?? '') ?? []
  return place && form.test(place) ? { place, id: Number(id) } : undefined
}

/** Characters that readable text never has, so that no paper can forge a mark. */
const HIT = '\u0001'
const END = '\u0002'
/** Stands for <, since what looks like a tag would be left out. */
const LESS = '\u0003'
const SNIPPET = `StartSel=${HIT}, StopSel=${END}, MaxFragments=2, MinWords=12, MaxWords=28, FragmentDelimiter=" … "`

async function marked(db: Db, q: string, papers: ListedRow[]): Promise<FoundPaper[]> {
  if (!q)
    return papers.map((paper) => ({ ...paper, titlePieces: piecesOf(paper.title), snippet: piecesOf(paper.summary) }))
  const abstracts = await db.execute<{ id: string; abstract: string }>(
    sql`SELECT id, abstract FROM papers WHERE id = ANY(${sql.param(papers.map((paper) => paper.id))}::bigint[])`,
  )
  const texts = new Map(abstracts.rows.map((row) => [Number(row.id), readable(row.abstract).replaceAll('<', LESS)]))
  const { rows } = await db.execute<{ title: string; snippet: string }>(sql`
    SELECT ts_headline('english', title, words, ${`${SNIPPET}, HighlightAll=true`}) AS title, ts_headline('english', abstract, words, ${SNIPPET}) AS snippet
    FROM unnest(${sql.param(papers.map((paper) => paper.title.replaceAll('<', LESS)))}::text[], ${sql.param(papers.map((paper) => texts.get(paper.id) ?? ''))}::text[])
      WITH ORDINALITY AS t (title, abstract, place), websearch_to_tsquery('english', unaccented(${q})) AS words
    ORDER BY place`)
  return papers.map((paper, index) => ({
    ...paper,
    titlePieces: piecesOf(rows[index]!.title),
    snippet: piecesOf(rows[index]!.snippet),
  }))
}

/** What a text with marks in it consists of. */
const piecesOf = (text: string): Piece[] =>
  text
    .replaceAll(LESS, '<')
    .split(HIT)
    .flatMap((piece, index) => {
      if (index === 0) return [{ text: piece, hit: false }]
      const [hit = '', after = ''] = piece.split(END)
      return [
        { text: hit, hit: true },
        { text: after, hit: false },
      ]
    })
    .filter((piece) => piece.text !== '')
