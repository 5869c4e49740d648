import { sql } from 'drizzle-orm'
import { closeOfDay, dayOf, isDay } from '../../calendar/days.ts'
import { type Span, spanAround } from '../../calendar/spans.ts'
import type { Db } from '../../runtime/db/database.ts'
import { rankPapers } from '../ranking/rank.ts'
import type { ListedRow } from './listed-rows.ts'
import { readListed, readOrder } from './listed-rows.ts'

export type { ListedRow } from './listed-rows.ts'

/** A day's, week's or month's list as pages show it: a page of it. */
export interface List {
  span: Span
  /** more papers and votes may still come */
  open: boolean
  /** when its last list day closes */
  closesAt: Date
  /** the nearest spans of the kind with papers before and after */
  previous?: Span | undefined
  next?: Span | undefined
  /** its last list day with papers that is not to come, or the span's own last */
  lastDay: string
  /** papers in the whole list */
  total: number
  papers: ListedRow[]
  /** the place of the first of these papers, from 1 */
  first: number
  /** `after` of the next page; undefined: there is none */
  nextAfter?: number | undefined
}

export interface PageOf {
  /** the id of the last paper of the page before; one that is not in the list is the list's beginning */
  after?: number | undefined
  /** papers a page */
  limit?: number | undefined
}

interface Deps {
  db: Db
  now: () => Date
  closeHourUtc: number
}

const PAGE = 60

/**
 * A list day's papers in the order of their edition: the curator's picks, then by score, what was dropped left out. Samples
 * step aside for a real list.
 *
 * @param date undefined: the newest list day that has papers and is not to come
 * @returns undefined when that day has no papers, or is no day
 */
export async function listDay(deps: Deps, date?: string, page: PageOf = {}): Promise<List | undefined> {
  if (date !== undefined && !isDay(date)) return undefined
  const day = date ?? (await newestDay(deps))
  return day === undefined ? undefined : listSpan(deps, spanAround('day', day), page)
}

/**
 * The list of a span: of a day as its edition has it; of a week or month the papers with most votes first.
 * @returns undefined when it has no papers
 */
export async function listSpan(
  { db, now, closeHourUtc }: Deps,
  span: Span,
  { after, limit = PAGE }: PageOf = {},
): Promise<List | undefined> {
  const at = now()
  const rows = await readOrder(db, span, at)
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

type Ordered = Awaited<ReturnType<typeof readOrder>>

const byVotes = (rows: Ordered): number[] =>
  rows.toSorted((a, b) => (b.votes ?? -1) - (a.votes ?? -1) || b.id - a.id).map((row) => row.id)

/** The newest list day that has papers and is not after a day: today, where none is given. */
export async function newestDay(
  { db, now }: Pick<Deps, 'db' | 'now'>,
  upTo = dayOf(now()),
): Promise<string | undefined> {
  const { rows } = await db.execute<{ day: string | null }>(
    sql`SELECT max(list_day)::text AS day FROM papers WHERE list_day <= ${upTo}::date`,
  )
  return rows[0]?.day ?? undefined
}

async function neighbours(
  db: Db,
  { kind, from, to }: Span,
  today: string,
): Promise<Pick<List, 'previous' | 'next' | 'lastDay'>> {
  const { rows } = await db.execute<{ previous: string | null; next: string | null; last: string | null }>(sql`
    SELECT (SELECT max(list_day) FROM papers WHERE list_day < ${from}::date)::text AS previous,
      (SELECT min(list_day) FROM papers WHERE list_day > ${to}::date AND list_day <= ${today}::date)::text AS next,
      (SELECT max(list_day) FROM papers WHERE list_day BETWEEN ${from}::date AND least(${to}::date, ${today}::date))::text AS last`)
  const { previous, next, last } = rows[0]!
  return {
    lastDay: last ?? to,
    previous: previous === null ? undefined : spanAround(kind, previous),
    next: next === null ? undefined : spanAround(kind, next),
  }
}

/** How many papers each list day of a span has, of days not to come. */
export async function countDays(
  { db, now }: Pick<Deps, 'db' | 'now'>,
  { from, to }: Span,
): Promise<Map<string, number>> {
  const { rows } = await db.execute<{ day: string; papers: number }>(sql`
    SELECT list_day::text AS day, count(*)::int AS papers FROM papers
    WHERE list_day BETWEEN ${from}::date AND least(${to}::date, ${dayOf(now())}::date) GROUP BY list_day`)
  return new Map(rows.map(({ day, papers }) => [day, papers]))
}
