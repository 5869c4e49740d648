import { closeOfDay, dayOf, daysLater } from './days.ts'
import { isQuietDay } from './holidays.ts'

const DAY_MS = 86_400_000
/** Longer than any row of quiet days; beyond it the reader's hour is promised as it is. */
const MOST_DAYS = 14

interface Schedule {
  /** the reader's next hour, on a day of their cadence */
  nextDigestAt: Date
  cadence: 'daily' | 'weekdays' | 'weekly'
  /** IANA name; UTC where this Node does not know it */
  zone: string
}

/**
 * The first of a reader's hours at which a digest can come: their hour comes every day, a new list only after a day that has one. What
 * weekends and holidays without a list leave out is not promised; an edition made by hand may still come earlier.
 *
 * @param had until when the reader has every list, where that is known; else until their hour before
 */
export function promisedDigestAt({ nextDigestAt, cadence, zone }: Schedule, closeHourUtc: number, had?: Date): Date {
  // A week always has a list.
  if (cadence === 'weekly') return nextDigestAt
  const step = (at: Date, days: 1 | -1): Date => {
    const next = sameHour(at, days, zone)
    return cadence === 'weekdays' && isWeekend(next, zone) ? step(next, days) : next
  }
  const newest = newestList(had ?? step(nextDigestAt, -1), closeHourUtc)
  let at = nextDigestAt
  for (let tried = 0; tried < MOST_DAYS; tried++, at = step(at, 1)) if (newestList(at, closeHourUtc) > newest) return at
  return nextDigestAt
}

/** The newest list day that has closed by a moment and is expected to have papers. */
function newestList(at: Date, closeHourUtc: number): string {
  let day = dayOf(at)
  while (closeOfDay(day, closeHourUtc) > at || isQuietDay(day)) day = daysLater(day, -1)
  return day
}

/** The same hour on the clock of a zone, a day later or earlier. */
function sameHour(at: Date, days: number, zone: string): Date {
  const moved = at.getTime() + days * DAY_MS
  return new Date(moved + offsetMs(at.getTime(), zone) - offsetMs(moved, zone))
}

/** How far a zone's clock is ahead of UTC. */
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
