import { closeOfDay, dayOf, isDay } from '../../calendar/days.ts'
import { type Span, spanAround } from '../../calendar/spans.ts'
import type { Db } from '../../runtime/db/database.ts'
import { number, query, queryOne, text } from '../../runtime/db/query.ts'
import { readListVotes } from '../ranking/list-votes.ts'
import { rankPapers } from '../ranking/rank.ts'
import type { ListedRow } from './listed-rows.ts'
import { readListed } from './listed-rows.ts'

/** One page of a day's, week's or month's list. */
export interface List {
  span: Span
  /** whether papers and votes may still be added */
  open: boolean
  /** when its last list day closes */
  closesAt: Date
  /** the nearest spans of this kind that have papers */
  previous?: Span | undefined
  next?: Span | undefined
  /** its last list day with papers up to today, or the span's last day */
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
 * @returns undefined when that day has no papers or is not a valid day
 */
export async function listDay(deps: Deps, date?: string, page: PageOf = {}): Promise<List | undefined> {
  if (date !== undefined && !isDay(date)) return undefined
  const day = date ?? (await newestDay(deps))
  return day === undefined ? undefined : listSpan(deps, spanAround('day', day), page)
}

/**
 * Returns a span's list: a day's in the order of its edition, a week's or month's by votes.
 * @returns undefined when it has no papers
 */
export async function listSpan(
  { db, now, closeHourUtc }: Deps,
  span: Span,
  { after, limit = PAGE }: PageOf = {},
): Promise<List | undefined> {
  const at = now()
  const rows = await readListVotes(db, span, at)
  if (rows.length === 0) return undefined
  const ids = span.kind === 'day' ? rankPapers(rows).map(({ id }) => id) : byVotes(rows)
  const start = after === undefined ? 0 : ids.indexOf(after) + 1
  const shown = ids.slice(start, start + limit)
  const closesAt = closeOfDay(span.to, closeHourUtc)
  return {
    span,
    open: at < closesAt,
    closesAt,
    ...(await neighbours(db, span, dayOf(at))),
    total: ids.length,
    papers: await readListed(db, shown, at),
    first: start + 1,
    nextAfter: start + limit < ids.length ? shown.at(-1) : undefined,
  }
}

type Ordered = Awaited<ReturnType<typeof readListVotes>>

const byVotes = (rows: Ordered): number[] =>
  rows.toSorted((a, b) => (b.votes ?? -1) - (a.votes ?? -1) || b.id - a.id).map((row) => row.id)

/** Returns the newest list day with papers, up to and including the given day. */
export async function newestDay(
  { db, now }: Pick<Deps, 'db' | 'now'>,
  upTo = dayOf(now()),
): Promise<string | undefined> {
  const { day } = await queryOne(db, { day: text.nullable() })`
    SELECT max(list_day)::text AS day FROM papers WHERE list_day <= ${upTo}::date`
  return day ?? undefined
}

/** Returns the nearest spans of a kind with papers before and after one, and its own last list day up to today. */
export async function neighbours(
  db: Db,
  { kind, from, to }: Span,
  today: string,
): Promise<Pick<List, 'previous' | 'next' | 'lastDay'>> {
  const day = text.nullable()
  const { previous, next, last } = await queryOne(db, { previous: day, next: day, last: day })`
    SELECT (SELECT max(list_day) FROM papers WHERE list_day < ${from}::date)::text AS previous,
      (SELECT min(list_day) FROM papers WHERE list_day > ${to}::date AND list_day <= ${today}::date)::text AS next,
      (SELECT max(list_day) FROM papers WHERE list_day BETWEEN ${from}::date AND least(${to}::date, ${today}::date))::text AS last`
  return {
    lastDay: last ?? to,
    previous: previous === null ? undefined : spanAround(kind, previous),
    next: next === null ? undefined : spanAround(kind, next),
  }
}

/** Counts the papers of each list day of a span, up to today. */
export async function countDays(
  { db, now }: Pick<Deps, 'db' | 'now'>,
  { from, to }: Span,
): Promise<Map<string, number>> {
  const rows = await query(db, { day: text, papers: number })`
    SELECT list_day::text AS day, count(*)::int AS papers FROM papers
    WHERE list_day BETWEEN ${from}::date AND least(${to}::date, ${dayOf(now())}::date) GROUP BY list_day`
  return new Map(rows.map(({ day, papers }) => [day, papers]))
}
