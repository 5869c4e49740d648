import { type SQL, sql } from 'drizzle-orm'
import { closeOfDay, dayOf, daysLater } from '../../calendar/days.ts'
import { isQuietDay } from '../../calendar/holidays.ts'
import type { Config } from '../../runtime/config/config.ts'

const HOUR_MS = 3_600_000

/** A draft whose list has been closed for longer is held: only a person releases it. */
const RELEASED_WITHIN_HOURS = 48
export const OLD_NEWS = `its list closed more than ${RELEASED_WITHIN_HOURS} hours ago`

/** Lists that closed before this moment are old news for the clock. */
export const oldNewsBefore = (at: Date): Date => new Date(at.getTime() - RELEASED_WITHIN_HOURS * HOUR_MS)

/** Readers get no edition older than this many periods of its kind. */
const PERIODS = 2

/**
 * SQL of a row of `editions`, unqualified: whether readers may still be given it. A weekly edition is news for two weeks, a daily one
 * until the lists of two more days have closed. Days on which no list is expected do not count, so that Friday's list is still
 * Monday's news. The age of an edition that a person released counts from its release.
 */
export const isNews = (at: Date, { EDITION_CLOSE_HOUR_UTC }: Pick<Config, 'EDITION_CLOSE_HOUR_UTC'>): SQL => sql`
  CASE WHEN by_hand THEN released_at ELSE closes_at END >= CASE kind
    WHEN 'weekly' THEN ${at}::timestamptz - make_interval(weeks => ${PERIODS})
    ELSE ${oldestDaily(at, EDITION_CLOSE_HOUR_UTC)}::timestamptz END`

/** When the list closed that is the second newest of the days on which one is expected. */
function oldestDaily(at: Date, closeHourUtc: number): Date {
  let day = dayOf(new Date(at.getTime() - closeHourUtc * HOUR_MS))
  for (let lists = 0; lists < PERIODS; ) {
    day = daysLater(day, -1)
    if (!isQuietDay(day)) lists++
  }
  return closeOfDay(day, closeHourUtc)
}
