/** List days are UTC days, written `YYYY-MM-DD`. */

const DAY_MS = 86_400_000

/**
 * The days there can be. JavaScript also takes the year 0, which PostgreSQL does not have, and weeks before and after a day must
 * still be written with four digits.
 */
const FIRST_DAY = '1000-01-01'
const LAST_DAY = '9000-12-31'

/** Whether the text is a day that exists: "2026-02-30" and "0000-01-01" are not. The one check of days, wherever one is given. */
export const isDay = (text: string): boolean =>
  /^\d{4}-\d{2}-\d{2}$/.test(text) &&
  text >= FIRST_DAY &&
  text <= LAST_DAY &&
  !Number.isNaN(Date.parse(`${text}T00:00:00Z`)) &&
  dayOf(new Date(`${text}T00:00:00Z`)) === text

/** Whether an instant is one of those days. */
export const isMoment = (at: Date): boolean => at >= startOfDay(FIRST_DAY) && at <= startOfDay(LAST_DAY)

export const dayOf = (at: Date): string => at.toISOString().slice(0, 10)

export const startOfDay = (day: string): Date => new Date(`${day}T00:00:00Z`)

export const daysLater = (day: string, days: number): string =>
  dayOf(new Date(startOfDay(day).getTime() + days * DAY_MS))

/** When a list day closes: `closeHourUtc` on the next morning. */
export const closeOfDay = (day: string, closeHourUtc: number): Date =>
  new Date(startOfDay(day).getTime() + DAY_MS + closeHourUtc * 3_600_000)

/** The close of a list day, or now while that is still to come: as of when a list counts that does not say when it was read. */
export const observedAtClose = (day: string, closeHourUtc: number, now: Date): Date =>
  new Date(Math.min(closeOfDay(day, closeHourUtc).getTime(), now.getTime()))
