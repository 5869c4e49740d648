import { type SQL, sql } from 'drizzle-orm'
import { closeOfDay, daysLater, openListDay } from '../../calendar/days.ts'
import { isQuietDay } from '../../calendar/holidays.ts'
import type { Config } from '../../runtime/config/config.ts'

const HOUR_MS = 3_600_000

/** A draft is held, so that only a person releases it, when its list closed longer ago than this. */
const MAX_LIST_AGE_HOURS = 48
export const LIST_TOO_OLD = `its list closed more than ${MAX_LIST_AGE_HOURS} hours ago`

/** Lists that closed before this moment are too old to be released automatically. */
export const listTooOldBefore = (at: Date): Date => new Date(at.getTime() - MAX_LIST_AGE_HOURS * HOUR_MS)

/** Readers get no edition older than this many periods of its kind. */
const MAX_AGE_PERIODS = 2

/**
 * Returns an SQL condition on an unqualified row of `editions`: whether it is recent enough for readers. A weekly edition is for two
 * weeks, a daily one until the lists of two more days have closed. Days that expect no list do not count, so that Friday's list is
 * still recent on Monday. An edition that a person released ages from its release.
 */
export const isRecent = (at: Date, { EDITION_CLOSE_HOUR_UTC }: Pick<Config, 'EDITION_CLOSE_HOUR_UTC'>): SQL => sql`
  CASE WHEN by_hand THEN released_at ELSE closes_at END >= CASE kind
    WHEN 'weekly' THEN ${at}::timestamptz - make_interval(weeks => ${MAX_AGE_PERIODS})
    ELSE ${oldestDaily(at, EDITION_CLOSE_HOUR_UTC)}::timestamptz END`

/** Returns when the second newest expected list closed. */
function oldestDaily(at: Date, closeHourUtc: number): Date {
  let day = openListDay(at, closeHourUtc)
  for (let lists = 0; lists < MAX_AGE_PERIODS; ) {
    day = daysLater(day, -1)
    if (!isQuietDay(day)) lists++
  }
  return closeOfDay(day, closeHourUtc)
}
