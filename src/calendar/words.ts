import { memoize } from '../lib/memoize.ts'
import { type Messages, messagesIn } from '../messages/catalogue.ts'
import { dayOf, startOfDay } from './days.ts'
import type { Span } from './spans.ts'

/** Formats days, moments and numbers for pages and emails, in the language of `intl`. */

const ENGLISH = 'en-GB'

const formats = new Map<string, Intl.DateTimeFormat>()

/** Formats are cached, because creating one is slow. */
function formatOf(intl: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = `${intl} ${JSON.stringify(options)}`
  const format = formats.get(key) ?? new Intl.DateTimeFormat(intl, { ...options, timeZone: 'UTC' })
  formats.set(key, format)
  return format
}

/** "1 mai" → "1er mai": French writes the first of a month as an ordinal, and Intl does not. Other texts stay. */
export const writeFirstOfMonth = (text: string, intl: string): string =>
  intl.startsWith('fr') ? text.replace(/(?<!\d)1(?=\s\p{L}|\s?–)/gu, '1er') : text

const format = (day: string, intl: string, options: Intl.DateTimeFormatOptions): string =>
  writeFirstOfMonth(formatOf(intl, options).format(startOfDay(day)), intl)

const SHORT = { day: 'numeric', month: 'short' } as const

/** "13 Mar" */
export const shortDay = (day: string, intl = ENGLISH): string => format(day, intl, SHORT)

/** "Friday, 14 March 2025"; "Freitag, 14. März 2025"; "2025年3月14日星期五" */
export const fullDay = (day: string, intl = ENGLISH): string => format(day, intl, { dateStyle: 'full' })

const PLAIN = { day: 'numeric', month: 'long', year: 'numeric' } as const

/** "14 March 2025" */
export const plainDay = (day: string, intl = ENGLISH): string => format(day, intl, PLAIN)

/** "10 – 16 March 2025"; "10.–16. März 2025"; "2025年3月10日至16日". One day alone is no range: "10 March 2025". */
export function plainSpan(from: string, to: string, intl = ENGLISH): string {
  if (from === to) return plainDay(from, intl)
  if (!intl.startsWith('zh'))
    return writeFirstOfMonth(formatOf(intl, PLAIN).formatRange(startOfDay(from), startOfDay(to)), intl)
  // For Chinese, Intl writes ranges in digits only: 2025/3/10 – 2025/3/16.
  const last: Intl.DateTimeFormatOptions = { day: 'numeric' }
  if (from.slice(0, 7) !== to.slice(0, 7)) last.month = 'long'
  if (from.slice(0, 4) !== to.slice(0, 4)) last.year = 'numeric'
  return `${plainDay(from, intl)}至${format(to, intl, last)}`
}

/** "Monday 13 April" */
export const weekdayDate = (day: string, intl = ENGLISH): string =>
  format(day, intl, { weekday: 'long', day: 'numeric', month: 'long' })

/** "March 2025" */
export const monthOf = (day: string, intl = ENGLISH): string => format(day, intl, { month: 'long', year: 'numeric' })

/** "Mar 2025" */
const shortMonth = (day: string, intl: string): string => format(day, intl, { month: 'short', year: 'numeric' })

/** "Friday" */
export const weekdayOf = (moment: Date, intl = ENGLISH): string => weekdayNamed(dayOf(moment), intl)

/** "Friday" */
export const weekdayNamed = (day: string, intl = ENGLISH): string => format(day, intl, { weekday: 'long' })

/** "F" */
export const narrowWeekday = (day: string, intl = ENGLISH): string => format(day, intl, { weekday: 'narrow' })

/** "Fri 14"; "ven. 14"; "14日周五" */
export const weekdayAndNumber = (day: string, intl = ENGLISH): string =>
  format(day, intl, { weekday: 'short', day: 'numeric' })

/** A short name for links to neighbouring spans: "13 Mar", "10 – 16 Mar"; "10.–16. März", "Mar 2025". */
export function shortSpan({ kind, from, to }: Span, intl = ENGLISH): string {
  if (kind === 'month') return shortMonth(from, intl)
  if (kind === 'day') return shortDay(from, intl)
  const range = from.slice(0, 7) === to.slice(0, 7) && !intl.startsWith('zh')
  // Across a turn of the year, Intl would add both years, and for Chinese it writes ranges in digits only.
  if (!range) return `${shortDay(from, intl)} – ${shortDay(to, intl)}`
  return writeFirstOfMonth(formatOf(intl, SHORT).formatRange(startOfDay(from), startOfDay(to)), intl)
}

/** "14 March 2025, 06:00 UTC"; "2025年3月14日，06:00 UTC" */
export const plainMoment = (moment: Date, t: Messages = messagesIn('en')): string =>
  `${plainDay(dayOf(moment), t.intl)}${t.punctuation.comma}${closingHour(moment)} UTC`

/** "2025-03-14 06:30 UTC", for operators */
export const minuteUtc = (at: Date): string => `${at.toISOString().slice(0, 16).replace('T', ' ')} UTC`

/** 987 → "987", 1,240 → "1.2k"; "1,2k" */
export const shortCount = (n: number, intl = ENGLISH): string =>
  n < 1000 ? String(n) : `${thousandsIn(intl).format(n < 9_950 ? n / 1000 : Math.round(n / 1000))}k`

const thousandsIn = memoize(
  (intl: string) => intl,
  (intl) => new Intl.NumberFormat(intl, { maximumFractionDigits: 1 }),
)

interface Dated {
  kind: 'daily' | 'weekly'
  date: string
}

/** "Friday, 14 March 2025", or "Week of 10 March 2025". */
export function longDate({ kind, date }: Dated, t: Messages = messagesIn('en')): string {
  return kind === 'weekly' ? t.digest.weekOf(plainDay(date, t.intl)) : fullDay(date, t.intl)
}

/** "14 March", or "week of 10 March". */
export function shortDate({ kind, date }: Dated, t: Messages = messagesIn('en')): string {
  const day = format(date, t.intl, { day: 'numeric', month: 'long' })
  return kind === 'weekly' ? t.digest.shortWeekOf(day) : day
}

/** "02:00" */
export const closingHour = (at: Date): string => at.toISOString().slice(11, 16)
