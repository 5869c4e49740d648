import { closeOfDay, dayOf, daysLater } from './days.ts'
import { isQuietDay } from './holidays.ts'

const DAY_MS = 86_400_000
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
export function promisedDigestAt({ nextDigestAt, cadence, zone }: Schedule, closeHourUtc: number, had?: Date): Date {
  // Every week has a list.
  if (cadence === 'weekly') return nextDigestAt
  const step = (at: Date, days: 1 | -1): Date => {
    const next = sameHour(at, days, zone)
    return cadence === 'weekdays' && isWeekend(next, zone) ? step(next, days) : next
  }
  const seen = new Set<string>()
  const choose = (at: Date): string | undefined => {
    const lists = cadence === 'weekdays' ? recentLists(at, closeHourUtc) : [newestList(at, closeHourUtc)]
    return lists.find((day) => !seen.has(day))
  }
  const see = (at: Date) => seen.add(choose(at) ?? '')
  if (had) see(had)
  else {
    const hours = [step(nextDigestAt, -1)]
    while (hours.length < HISTORY) hours.push(step(hours.at(-1)!, -1))
    hours.reverse().forEach(see)
  }
  let at = nextDigestAt
  for (let tried = 0; tried < MOST_DAYS; tried++, at = step(at, 1)) if (choose(at) !== undefined) return at
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
  const since = new Date(at.getTime() - MISSED_HOURS * 3_600_000)
  const lists = [newestList(at, closeHourUtc)]
  for (;;) {
    const day = newestList(at, closeHourUtc, daysLater(lists.at(-1)!, -1))
    if (closeOfDay(day, closeHourUtc) <= since) return lists
    lists.push(day)
  }
}

/** Returns the same local hour, some days later or earlier. */
function sameHour(at: Date, days: number, zone: string): Date {
  const moved = at.getTime() + days * DAY_MS
  return new Date(moved + offsetMs(at.getTime(), zone) - offsetMs(moved, zone))
}

/** Returns a zone's offset from UTC, in milliseconds. */
function offsetMs(at: number, zone: string): number {
  const parts = formatIn(zone, { timeZoneName: 'longOffset' }).formatToParts(at)
  const [, sign, hours = '0', minutes = '0'] =
    /GMT([+-])(\d\d):(\d\d)/.exec(parts.find(({ type }) => type === 'timeZoneName')!.value) ?? []
  return (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes)) * 60_000
}

const isWeekend = (at: Date, zone: string): boolean => /^S/.test(formatIn(zone, { weekday: 'short' }).format(at))

function formatIn(timeZone: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  try {
    return new Intl.DateTimeFormat('en', { ...options, timeZone })
  } catch {
    return new Intl.DateTimeFormat('en', { ...options, timeZone: 'UTC' })
  }
}
