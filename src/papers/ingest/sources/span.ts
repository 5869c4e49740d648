import { daysLater, isDay, startOfDay } from '../../../calendar/days.ts'
import { PaperboyError } from '../../../lib/errors.ts'
import type { Span } from './source.ts'

/**
 * The days of a list day (`2026-03-14`), an ISO week (`2026-W11`, Monday to Sunday) or a month (`2026-03`), ascending.
 * @throws PaperboyError BAD_IMPORT for what is none of them
 */
export function spanDays(span: Span): string[] {
  if (isDay(span)) return [span]
  const week = /^(\d{4})-W(\d{2})$/.exec(span)
  if (week && Number(week[2]) >= 1 && Number(week[2]) <= 53) {
    const monday = mondayOf(Number(week[1]), Number(week[2]))
    // Most years have no week 53: there it would be another year's first.
    if (week[2] !== '53' || daysLater(monday, 3).startsWith(week[1]!))
      return Array.from({ length: 7 }, (_, index) => daysLater(monday, index))
  }
  if (/^\d{4}-(?:0[1-9]|1[0-2])$/.test(span)) {
    const days: string[] = []
    for (let day = `${span}-01`; day.startsWith(span); day = daysLater(day, 1)) days.push(day)
    return days
  }
  throw new PaperboyError('BAD_IMPORT', `"${span}" is no day (2026-03-14), week (2026-W11) or month (2026-03).`)
}

/** Week 1 is the one that holds 4 January (ISO 8601). */
function mondayOf(year: number, week: number): string {
  const fourth = `${year}-01-04`
  const weekday = (startOfDay(fourth).getUTCDay() + 6) % 7
  return daysLater(fourth, (week - 1) * 7 - weekday)
}
