import { and, desc, eq, isNotNull, lt, sql } from 'drizzle-orm'
import { daysLater, isWeekend } from '../../calendar/days.ts'
import { isQuietDay } from '../../calendar/holidays.ts'
import { weekdayDate } from '../../calendar/words.ts'
import type { Messages } from '../../messages/catalogue.ts'
import type { Config } from '../../runtime/config/config.ts'
import { hasVotedSource, VOTED_SOURCES } from '../../runtime/config/source-names.ts'
import type { Db } from '../../runtime/db/database.ts'
import { bool, number, query, text } from '../../runtime/db/query.ts'
import { editions } from '../../runtime/db/schema.ts'

/**
 * The state of a list day. holiday: a source was read after the list closed, and had no papers · outage: no source could be read
 * after it closed · thin: fewer than THIN_DAY_PAPERS papers. Where a source with votes is in use, only its reads count.
 */
type DayState = 'full' | 'thin' | 'holiday' | 'outage'

export interface ListDayState {
  day: string
  state: DayState
  papers: number
}

type Settings = Pick<Config, 'EDITION_CLOSE_HOUR_UTC' | 'PAPER_SOURCES' | 'THIN_DAY_PAPERS'>

/** A day with papers that were imported from a file, and for which no source was asked, is no outage. */
const stateOf = (
  { papers, asked, readClosed }: { papers: number; asked: boolean; readClosed: boolean },
  thin: number,
): DayState => {
  if (papers === 0) return readClosed ? 'holiday' : 'outage'
  if (asked && !readClosed) return 'outage'
  return papers < thin ? 'thin' : 'full'
}

/** Reads the states of list days, `from` and `to` included. */
export async function readListDayStates(
  { db, config }: { db: Db; config: Settings },
  from: string,
  to: string,
): Promise<ListDayState[]> {
  const isVoted = hasVotedSource(config)
  const counts = isVoted ? sql`r.source = ANY(${sql.param(VOTED_SOURCES)}::text[])` : sql`true`
  const rows = await query(db, { day: text, papers: number, asked: bool, readClosed: bool })`
    SELECT d.day::text,
      (SELECT count(*)::int FROM papers p WHERE p.list_day = d.day AND NOT (p.announced AND ${isVoted})) AS papers,
      EXISTS (SELECT FROM source_reads r WHERE r.list_day = d.day) AS asked,
      EXISTS (SELECT FROM source_reads r WHERE r.list_day = d.day
        AND ${counts} AND r.read_at >= (d.day + 1 + make_time(${config.EDITION_CLOSE_HOUR_UTC}, 0, 0)) AT TIME ZONE 'UTC') AS read_closed
    FROM generate_series(0, ${to}::date - ${from}::date) AS n, LATERAL (SELECT ${from}::date + n AS day) AS d ORDER BY d.day`
  return rows.map(({ day, papers, ...seen }) => ({
    day,
    papers,
    state: stateOf({ papers, ...seen }, config.THIN_DAY_PAPERS),
  }))
}

/** Older quiet days are no longer mentioned. */
const MENTION_DAYS = 7

/**
 * Reads the days without an edition since the last daily one. Leaves out days that readers do not miss, such as weekends without a
 * list. For a weekly edition there are none.
 */
export async function readQuietDaysBefore(
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
  // Before the first edition, readers missed nothing.
  if (!last) return []
  const from = [daysLater(last.date, 1), daysLater(date, -MENTION_DAYS)].sort().at(-1)!
  const to = daysLater(date, -1)
  if (from > to) return []
  return (await readListDayStates({ db, config }, from, to)).filter(isMissed)
}

/** Readers do not miss a list that is not expected, even if no source was read. */
function isMissed({ day, state, papers }: ListDayState): boolean {
  if (state === 'holiday') return !isWeekend(day)
  return state === 'thin' || (state === 'outage' && !(papers === 0 && isQuietDay(day)))
}

/** Describes each day: "The list for Monday 13 April had no papers, …" */
export const describeQuietDays = (days: readonly ListDayState[], t: Messages): string[] =>
  days.map(({ day, state, papers }) => {
    const name = weekdayDate(day, t.intl)
    if (state === 'holiday') return t.digest.holiday(name)
    return state === 'thin' ? t.digest.thin(name, t.common.papers(papers)) : t.digest.outage(name)
  })
