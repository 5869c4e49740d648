import { isWeekend, startOfDay } from './days.ts'

/**
 * Whether lists are usually empty or thin on a day: weekends and arXiv's holidays.
 * arXiv announces nothing on the holidays of its hosts in the United States (info.arxiv.org/help/availability).
 * Days that arXiv moves by other rules are not known in advance.
 */
export const isQuietDay = (day: string): boolean =>
  isWeekend(day) || FIXED.has(day.slice(5)) || isFloating(startOfDay(day))

/** New Year, Juneteenth, Independence Day, Christmas. */
const FIXED = new Set(['01-01', '06-19', '07-04', '12-25'])

const MONDAY = 1
const THURSDAY = 4

/** Martin Luther King Day, Memorial Day, Labor Day, Thanksgiving. */
function isFloating(at: Date): boolean {
  const month = at.getUTCMonth() + 1
  const date = at.getUTCDate()
  const nth = Math.ceil(date / 7)
  if (at.getUTCDay() === MONDAY)
    return (month === 1 && nth === 3) || (month === 5 && date > 24) || (month === 9 && nth === 1)
  return at.getUTCDay() === THURSDAY && month === 11 && nth === 4
}
