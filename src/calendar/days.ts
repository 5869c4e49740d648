/** List days are UTC days, written `YYYY-MM-DD`. */

const DAY_MS = 86_400_000

/** Whether the text is a day that exists: "2026-02-30" is not. */
export const isDay = (text: string): boolean =>
  /^\d{4}-\d{2}-\d{2}$/.test(text) &&
  !Number.isNaN(Date.parse(`${text}T00:00:00Z`)) &&
  dayOf(new Date(`${text}T00:00:00Z`)) === text

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
