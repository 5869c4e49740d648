import { and, desc, eq, isNotNull, lt, sql } from 'drizzle-orm'
import { daysLater, isWeekend, startOfDay } from '../../calendar/days.ts'
import { isQuietDay } from '../../calendar/holidays.ts'
import type { Messages } from '../../messages/catalogue.ts'
import type { Config } from '../../runtime/config/config.ts'
import type { Db } from '../../runtime/db/database.ts'
import { editions } from '../../runtime/db/schema.ts'

/**
 * What became of a list day. holiday: its list was read after it had closed, and had no papers · outage: no source could be read
 * since it closed · thin: fewer than THIN_DAY_PAPERS
 */
export type DayState = 'full' | 'thin' | 'holiday' | 'outage'

export interface ListDayState {
  day: string
  state: DayState
  papers: number
}

type Settings = Pick<Config, 'EDITION_CLOSE_HOUR_UTC' | 'THIN_DAY_PAPERS'>

/** Papers that came by file need no source: a day that has some and that no source was asked for is no outage. */
const stateOf = (
  { papers, asked, readClosed }: { papers: number; asked: boolean; readClosed: boolean },
  thin: number,
): DayState => {
  if (papers === 0) return readClosed ? 'holiday' : 'outage'
  if (asked && !readClosed) return 'outage'
  return papers < thin ? 'thin' : 'full'
}

/** The states of list days, from one to another inclusive. */
export async function listDayStates(
  { db, config }: { db: Db; config: Settings },
  from: string,
  to: string,
): Promise<ListDayState[]> {
  const { rows } = await db.execute<{ day: string; papers: number; asked: boolean; readClosed: boolean }>(sql`
    SELECT d::date::text AS day,
      (SELECT count(*)::int FROM papers p WHERE p.list_day = d::date AND NOT p.announced) AS papers,
      EXISTS (SELECT FROM source_reads r WHERE r.list_day = d::date) AS asked,
      EXISTS (SELECT FROM source_reads r WHERE r.list_day = d::date
        AND r.read_at >= (d::date + 1 + make_time(${config.EDITION_CLOSE_HOUR_UTC}, 0, 0)) AT TIME ZONE 'UTC') AS "readClosed"
    FROM generate_series(${from}::date, ${to}::date, interval '1 day') AS d ORDER BY d`)
  return rows.map(({ day, papers, ...seen }) => ({
    day,
    papers,
    state: stateOf({ papers, ...seen }, config.THIN_DAY_PAPERS),
  }))
}

/** Longer ago than this, nobody wonders any more. */
const TOLD_DAYS = 7

/**
 * The days since the last daily edition that brought none, as far as a reader would wonder: not weekends without a list, which
 * are every week's. For a daily edition; a weekly has nothing to add.
 */
export async function quietDaysBefore(
  { db, config }: { db: Db; config: Settings },
  { kind, date }: { kind: 'daily' | 'weekly'; date: string },
): Promise<ListDayState[]> {
  if (kind === 'weekly') return []
  const [last] = await db
    .select({ date: editions.date })
    .from(editions)
    .where(and(eq(editions.kind, 'daily'), isNotNull(editions.releasedAt), lt(editions.date, date)))
    .orderBy(desc(editions.date))
    .limit(1)
  // Before the first edition there was nothing to miss.
  if (!last) return []
  const from = [daysLater(last.date, 1), daysLater(date, -TOLD_DAYS)].sort().at(-1)!
  const to = daysLater(date, -1)
  if (from > to) return []
  return (await listDayStates({ db, config }, from, to)).filter(isWorthTelling)
}

/** Where no list is expected, one that nobody read is not missed either. */
function isWorthTelling({ day, state, papers }: ListDayState): boolean {
  if (state === 'holiday') return !isWeekend(day)
  return state === 'thin' || (state === 'outage' && !(papers === 0 && isQuietDay(day)))
}

/** "The list of Monday 13 April had no papers, …" for each of the days. */
export const quietDaysInWords = (days: readonly ListDayState[], t: Messages): string[] =>
  days.map(({ day, state, papers }) => {
    const name = dayInWords(day, t)
    if (state === 'holiday') return t.digest.holiday(name)
    return state === 'thin' ? t.digest.thin(name, t.common.papers(papers)) : t.digest.outage(name)
  })

/** "Monday 13 April" */
export const dayInWords = (day: string, { intl }: Messages): string =>
  new Intl.DateTimeFormat(intl, { weekday: 'long', day: 'numeric', month: 'long', timeZone: 'UTC' }).format(
    startOfDay(day),
  )
