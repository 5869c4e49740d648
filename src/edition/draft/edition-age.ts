import { type SQL, sql } from 'drizzle-orm'
import { closeOfDay, daysLater, mondayOf, openListDay } from '../../calendar/days.ts'
import { isQuietDay } from '../../calendar/holidays.ts'
import type { Config } from '../../runtime/config/config.ts'
import type { EditionKey } from './control.ts'

/** Why a draft is held, so that only a person releases it. */
export const LIST_TOO_OLD = 'two newer lists of working days have closed'

/** Readers get no edition older than this many periods of its kind. */
const MAX_AGE_PERIODS = 2

/**
 * Returns an SQL condition on an unqualified row of `editions`: whether it is recent enough for readers. A weekly edition is for two
 * weeks, a daily one until the lists of two more days have closed. Days that expect no list do not count, so that Friday's list is
 * still recent on Monday. An edition that a person released ages from its release.
 */
export const isRecent = (at: Date, { EDITION_CLOSE_HOUR_UTC }: Pick<Config, 'EDITION_CLOSE_HOUR_UTC'>): SQL => sql`
  coalesce(CASE WHEN by_hand THEN released_at END, closes_at) >= CASE kind
    WHEN 'weekly' THEN ${at}::timestamptz - make_interval(weeks => ${MAX_AGE_PERIODS})
    ELSE ${listTooOldBefore(at, EDITION_CLOSE_HOUR_UTC)}::timestamptz END`

/**
 * SQL condition on an unqualified row of `editions`, a draft: its readers wait for it. No reader waits for a list that was old when the
 * first papers came, as on a first start.
 */
export const IS_AWAITED = sql`(held_why IS DISTINCT FROM ${LIST_TOO_OLD}
  OR EXISTS (SELECT FROM papers WHERE papers.created_at < closes_at))`

/**
 * Returns the editions that a worker makes now, earlier ones first: of the last week that has closed, and of the last day. When days
 * that expect no list came last, also those of them and of the day before: on a Monday, Friday's list is the newest that readers have.
 */
export function editionsToMake(at: Date, closeHourUtc: number): EditionKey[] {
  const open = openListDay(at, closeHourUtc)
  const days = [daysLater(open, -1)]
  while (isQuietDay(days[0]!)) days.unshift(daysLater(days[0]!, -1))
  return [
    ...days.map((date) => ({ kind: 'daily' as const, date })),
    { kind: 'weekly', date: daysLater(mondayOf(open), -7) },
  ]
}

/** Returns when the second newest expected list closed. Lists that closed before it, also of weeks, are not released automatically. */
export function listTooOldBefore(at: Date, closeHourUtc: number): Date {
  let day = openListDay(at, closeHourUtc)
  for (let lists = 0; lists < MAX_AGE_PERIODS; ) {
    day = daysLater(day, -1)
    if (!isQuietDay(day)) lists++
  }
  return closeOfDay(day, closeHourUtc)
}
