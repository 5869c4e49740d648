/** List days are UTC days, written `YYYY-MM-DD`. */

const DAY_MS = 86_400_000

/**
 * The range of valid days. JavaScript accepts the year 0, which PostgreSQL does not have.
 * The weeks around a valid day must also have four-digit years.
 */
const FIRST_DAY = '1000-01-01'
const LAST_DAY = '9000-12-31'

/** Whether the text is a day of the calendar. "2026-02-30" and "0000-01-01" are not. Every check of a day uses this one. */
export const isDay = (text: string): boolean =>
  /^\d{4}-\d{2}-\d{2}$/.test(text) &&
  text >= FIRST_DAY &&
  text <= LAST_DAY &&
  !Number.isNaN(Date.parse(`${text}T00:00:00Z`)) &&
  dayOf(new Date(`${text}T00:00:00Z`)) === text

/** Whether an instant falls in the range of valid days. */
export const isMoment = (at: Date): boolean => at >= startOfDay(FIRST_DAY) && at <= startOfDay(LAST_DAY)

/** A zone at the end of a text: "Z", "GMT", "EST", "+02:00", "GMT+0200 (CEST)". */
const ZONE = /(?:Z|UTC?|GMT|[ECMP][SD]T|:\d{2}(?:\.\d+)?\s*(?:GMT|UTC)?[+-]\d{2}:?\d{2})\s*(?:\([^)]*\))?$/i

/**
 * Names of zones that JavaScript does not know, as servers of journals write them. RFC 822's EST, CST, MST and PST stay American; the
 * other names that several countries have are those of the more papers: IST of India, BST of Britain.
 */
const OFFSETS = {
  '+0000': 'WET',
  '+0100': 'WEST BST CET MEZ',
  '+0200': 'CEST MESZ SAST EET',
  '+0300': 'EEST MSK TRT',
  '+0330': 'IRST',
  '+0500': 'PKT',
  '+0530': 'IST',
  '+0700': 'WIB ICT',
  '+0800': 'HKT SGT AWST',
  '+0900': 'JST KST',
  '+0930': 'ACST',
  '+1030': 'ACDT',
  '+1000': 'AEST',
  '+1100': 'AEDT',
  '+1200': 'NZST',
  '+1300': 'NZDT',
  '-0300': 'BRT ART ADT',
  '-0330': 'NST',
  '-0230': 'NDT',
  '-0400': 'AST',
  '-0900': 'AKST',
  '-0800': 'AKDT',
  '-1000': 'HST',
}
const ZONES = new Map(
  Object.entries(OFFSETS).flatMap(([offset, names]) =>
    names.split(' ').map((name): [string, string] => [name, offset]),
  ),
)
const NAMED_ZONE = /(\d) ?([A-Z]{3,4})$/

/**
 * Parses a date or time as people and programs write it. Without a zone it is UTC: JavaScript would take the zone of this machine,
 * and one day would be another.
 *
 * @returns undefined for other texts, and outside the range of valid days
 */
export function parseMoment(text: string): Date | undefined {
  const trimmed = text
    .trim()
    .replace(/(?<=\d|Z)\[[A-Za-z_/+-]+\]$/, '')
    .replace(NAMED_ZONE, (whole, digit: string, name: string) =>
      ZONES.has(name) ? `${digit} ${ZONES.get(name)}` : whole,
    )
  const [, day, time] = /^(\d{4}-\d{2}-\d{2})[T ](\d{2}:[\d:.]+)$/.exec(trimmed) ?? []
  const isUtc = ZONE.test(trimmed) || /^\d{4}(?:-\d{2}){0,2}$/.test(trimmed)
  const at = new Date(day ? `${day}T${time}Z` : isUtc ? trimmed : `${trimmed} UTC`)
  return isMoment(at) ? at : undefined
}

export const dayOf = (at: Date): string => at.toISOString().slice(0, 10)

export const startOfDay = (day: string): Date => new Date(`${day}T00:00:00Z`)

export const daysLater = (day: string, days: number): string =>
  dayOf(new Date(startOfDay(day).getTime() + days * DAY_MS))

/** Returns the Monday of the day's week. Every count of weeks starts here. */
export const mondayOf = (day: string): string => daysLater(day, -((startOfDay(day).getUTCDay() + 6) % 7))

/** Returns the number of days from the first day to the second. */
export const daysBetween = (from: string, to: string): number =>
  (startOfDay(to).getTime() - startOfDay(from).getTime()) / DAY_MS

export const isWeekend = (day: string): boolean => day >= daysLater(mondayOf(day), 5)

/** Returns when a list day closes: at `closeHourUtc` the next morning. */
export const closeOfDay = (day: string, closeHourUtc: number): Date =>
  new Date(startOfDay(day).getTime() + DAY_MS + closeHourUtc * 3_600_000)

/** Returns the list day that is open at a moment. The day before it was the last to close. */
export const openListDay = (at: Date, closeHourUtc: number): string =>
  dayOf(new Date(at.getTime() - closeHourUtc * 3_600_000))

/** Returns the observation time of a list that does not record one: the close of its day, or now if that is earlier. */
export const observedAtClose = (day: string, closeHourUtc: number, now: Date): Date =>
  new Date(Math.min(closeOfDay(day, closeHourUtc).getTime(), now.getTime()))
