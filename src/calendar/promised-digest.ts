import { closeOfDay, dayOf, daysLater, isWeekend, startOfDay } from './days.ts'
import { isQuietDay } from './holidays.ts'
import { offsetsOf } from './in-zone.ts'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
/** Longer than any run of quiet days. Beyond it, the reader's next hour is returned unchanged. */
const MOST_DAYS = 14
/** This many hours before, a reader of every hour is assumed to begin: enough to know which lists they have. */
const HISTORY = 10

/** How long before a weekdays reader's hour a list may have closed: from Friday's close until their Tuesday. */
export const MISSED_HOURS = 96

interface Schedule {
  /** the reader's next hour, on a day of their cadence */
  nextDigestAt: Date
  cadence: 'daily' | 'weekdays' | 'weekly'
  /** of their clock, 0 to 23. A change of the clocks may have moved `nextDigestAt` off it. */
  hour: number
  /** IANA name; UTC when this Node does not know it */
  zone: string
}

/**
 * Returns when a reader can expect the next digest: the first of their hours with a list for them.
 * Weekends and holidays have no list, so it skips them. An edition made by hand may come earlier.
 * A list is chosen as in delivery/plan/plan-due.ts: the newest, and for weekdays readers else the newest one they missed.
 *
 * @param had when a new reader got their first digest; without it they got one at each of their hours
 */
export function promisedDigestAt(
  { nextDigestAt, cadence, hour, zone }: Schedule,
  closeHourUtc: number,
  had?: Date,
): Date {
  // Every week has a list.
  if (cadence === 'weekly') return nextDigestAt
  const offsetAt = offsetsOf(zone)
  const step = (day: string, days: 1 | -1): string => {
    const next = daysLater(day, days)
    return cadence === 'weekdays' && isWeekend(next) ? step(next, days) : next
  }
  const seen = new Set<string>()
  const choose = (at: Date): string | undefined => {
    const lists = cadence === 'weekdays' ? recentLists(at, closeHourUtc) : [newestList(at, closeHourUtc)]
    return lists.find((day) => !seen.has(day))
  }
  const see = (at: Date) => seen.add(choose(at) ?? '')
  const first = dayOf(new Date(nextDigestAt.getTime() + offsetAt(nextDigestAt.getTime())))
  if (had) see(had)
  else {
    const days = [step(first, -1)]
    while (days.length < HISTORY) days.push(step(days.at(-1)!, -1))
    for (const day of days.reverse()) see(hourOn(day, hour, offsetAt))
  }
  if (choose(nextDigestAt) !== undefined) return nextDigestAt
  for (let day = step(first, 1), tried = 1; tried < MOST_DAYS; tried++, day = step(day, 1)) {
    const at = hourOn(day, hour, offsetAt)
    if (choose(at) !== undefined) return at
  }
  return nextDigestAt
}

/** Returns the newest list day that has closed by a moment and should have papers. */
function newestList(at: Date, closeHourUtc: number, before = dayOf(at)): string {
  let day = before
  while (closeOfDay(day, closeHourUtc) > at || isQuietDay(day)) day = daysLater(day, -1)
  return day
}

/** Returns the newest list and those that closed within MISSED_HOURS, newest first. */
function recentLists(at: Date, closeHourUtc: number): string[] {
  const since = new Date(at.getTime() - MISSED_HOURS * HOUR_MS)
  const lists = [newestList(at, closeHourUtc)]
  for (;;) {
    const day = newestList(at, closeHourUtc, daysLater(lists.at(-1)!, -1))
    if (closeOfDay(day, closeHourUtc) <= since) return lists
    lists.push(day)
  }
}

/**
 * Returns when a clock shows an hour on a day, as PostgreSQL does: an hour that the clocks leave out comes later by as much, and of one
 * that comes twice it is the second.
 */
function hourOn(day: string, hour: number, offsetAt: (at: number) => number): Date {
  const asUtc = startOfDay(day).getTime() + hour * HOUR_MS
  const [before, after] = [offsetAt(asUtc - DAY_MS), offsetAt(asUtc + DAY_MS)]
  return new Date(asUtc - (offsetAt(asUtc - after) === after ? after : before))
}
