import { sql } from 'drizzle-orm'
import { closeOfDay, dayOf, isDay } from '../../calendar/days.ts'
import { type Span, spanAround } from '../../calendar/spans.ts'
import type { Db } from '../../runtime/db/database.ts'
import { prepared } from '../../runtime/db/prepared.ts'
import { number, query, queryColumn, queryOne, text } from '../../runtime/db/query.ts'
import { listReadAt } from '../ingest/source-health.ts'
import { hasBegun } from '../public-papers.ts'
import { listedIn } from '../ranking/list-votes.ts'
import { readOrder } from './list-order.ts'
import type { ListedRow } from './listed-rows.ts'
import { readListed } from './listed-rows.ts'

/** One page of a day's, week's or month's list. */
export interface List {
  span: Span
  /** whether papers and votes may still be added */
  open: boolean
  /** of a day: a community voted for its papers; else our readers' votes order them, also after the close */
  voted?: boolean | undefined
  /** when its last list day closes */
  closesAt: Date
  /** of a day that has closed: when it was last read, if that was before its close, so that its ranking is not final */
  asOf?: Date | undefined
  /** the nearest spans of this kind that have papers */
  previous?: Span | undefined
  next?: Span | undefined
  /** its last list day with papers up to today, else its last day that has begun */
  lastDay: string
  /** number of papers in the whole list */
  total: number
  papers: ListedRow[]
  /** the position of the first of these papers, starting at 1 */
  first: number
  /** `after` of the next page; undefined on the last one */
  nextAfter?: number | undefined
}

export interface PageOf {
  /** id of the previous page's last paper; an unknown id returns the first page */
  after?: number | undefined
  /** papers per page */
  limit?: number | undefined
}

interface Deps {
  db: Db
  now: () => Date
  closeHourUtc: number
}

const PAGE = 60

/**
 * Returns a list day's papers in the order of their edition, without papers that the curator dropped.
 * A real list hides samples.
 *
 * @param date defaults to the newest list day with papers, up to today
 * @returns undefined when that day has no papers, has not begun or is not a valid day
 */
export async function listDay(deps: Deps, date?: string, page: PageOf = {}): Promise<List | undefined> {
  if (date !== undefined && !isDay(date)) return undefined
  const day = date ?? (await newestDay(deps))
  return day === undefined ? undefined : listSpan(deps, spanAround('day', day), page)
}

/** Returns when a list was last read, if that was before its close: its ranking is not final. */
export const readBeforeClose = (readAt: Date | null, closesAt: Date): Date | undefined =>
  readAt !== null && readAt < closesAt ? readAt : undefined

/**
 * Returns a span's list up to today: a day's in the order of its edition, a week's or month's by votes.
 * @returns undefined when it has no papers, or has not begun
 */
export async function listSpan(
  deps: Deps,
  span: Span,
  { after, limit = PAGE }: PageOf = {},
): Promise<List | undefined> {
  const { db, closeHourUtc } = deps
  const at = deps.now()
  const closesAt = closeOfDay(span.to, closeHourUtc)
  const open = at < closesAt
  const [{ ids, first, total, voted }, around, readAt] = await Promise.all([
    readOrder(deps, span, { after, limit }),
    neighbours(db, span, dayOf(at)),
    span.kind === 'day' && !open ? listReadAt(db, span.to) : null,
  ])
  if (total === 0) return undefined
  return {
    span,
    open,
    voted,
    closesAt,
    asOf: readBeforeClose(readAt, closesAt),
    ...around,
    total,
    papers: await readListed(db, ids, at),
    first,
    nextAfter: first - 1 + limit < total ? ids.at(-1) : undefined,
  }
}

/** Returns the newest list day with papers, up to and including the given day. */
export async function newestDay(
  { db, now }: Pick<Deps, 'db' | 'now'>,
  upTo = dayOf(now()),
): Promise<string | undefined> {
  const [day] = await newestDays(db, upTo, 1)
  return day
}

/** Returns the newest list days with papers, newest first, up to and including the given day. */
export const newestDays = (db: Db, upTo: string, count: number): Promise<string[]> =>
  // Each step reads one entry of an index. DISTINCT would read those of all papers.
  queryColumn(db, text)`
    WITH RECURSIVE days AS (
      SELECT max(list_day) AS day, 1 AS nth FROM papers WHERE list_day <= ${upTo}::date
      UNION ALL SELECT (SELECT max(list_day) FROM papers WHERE list_day < day), nth + 1 FROM days WHERE nth < ${count} AND day IS NOT NULL
    ) SELECT day::text FROM days WHERE day IS NOT NULL ORDER BY nth`

/** Returns the nearest spans of a kind with papers before and after one, and its own last list day up to today. */
export async function neighbours(
  db: Db,
  { kind, from, to }: Span,
  today: string,
): Promise<Pick<List, 'previous' | 'next' | 'lastDay'>> {
  const day = text.nullable()
  const { previous, next, last } = await queryOne(
    db,
    { previous: day, next: day, last: day },
    prepared(sql`
      SELECT (SELECT max(list_day) FROM papers WHERE list_day < ${from}::date)::text AS previous,
      (SELECT min(list_day) FROM papers WHERE list_day > ${to}::date AND list_day <= ${today}::date)::text AS next,
      (SELECT max(list_day) FROM papers WHERE list_day BETWEEN ${from}::date AND least(${to}::date, ${today}::date))::text AS last`),
  )
  return {
    lastDay: last ?? (to < today ? to : today),
    previous: previous === null ? undefined : spanAround(kind, previous),
    next: next === null ? undefined : spanAround(kind, next),
  }
}

/** Counts the papers that the list of each day of a span shows, up to today. */
export async function countDays(
  { db, now }: Pick<Deps, 'db' | 'now'>,
  { from, to }: Span,
): Promise<Map<string, number>> {
  const rows = await query(
    db,
    { day: text, papers: number },
    prepared(sql`
      SELECT p.list_day::text AS day, count(*)::int AS papers
      FROM papers p ${listedIn(sql`p.list_day BETWEEN ${from}::date AND ${to}::date AND ${hasBegun(dayOf(now()))}`)}
      GROUP BY p.list_day`),
  )
  return new Map(rows.map(({ day, papers }) => [day, papers]))
}
