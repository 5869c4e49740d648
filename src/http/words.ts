import { longDate } from '../edition/words.ts'
import { startOfDay } from '../papers/days.ts'

/** Days, moments and numbers as pages say them. */

const dayMonth = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', timeZone: 'UTC' })
const weekday = new Intl.DateTimeFormat('en-GB', { weekday: 'long', timeZone: 'UTC' })

/** "13 Mar" */
export const shortDay = (day: string): string => dayMonth.format(startOfDay(day))

/** "Friday, 14 March 2025" */
export const fullDay = (day: string): string => longDate({ kind: 'daily', date: day })

/** "Friday" */
export const weekdayOf = (moment: Date): string => weekday.format(moment)

/** "1 paper", "31 papers" */
export const counted = (n: number, noun: string): string => `${n.toLocaleString('en')} ${noun}${n === 1 ? '' : 's'}`

/** 987 → "987", 1,240 → "1.2k" */
export const shortCount = (n: number): string =>
  n < 1000 ? String(n) : `${(n / 1000).toFixed(n < 9950 ? 1 : 0).replace('.0', '')}k`
