import { PaperboyError } from '../lib/errors.ts'
import { dayOf, daysBetween, daysLater, isDay, mondayOf } from './days.ts'

/** A day, an ISO week or a month of list days, both ends included. */
export interface Span {
  kind: SpanKind
  key: SpanKey
  from: string
  to: string
}

const SPAN_KINDS = ['day', 'week', 'month'] as const

export type SpanKind = (typeof SPAN_KINDS)[number]

/** The text form, as links and commands use it: "2026-04-14", "2026-W16" or "2026-04". */
export type SpanKey = string

/** Returns the span with this key, or undefined when the calendar has none. */
export function spanNamed(kind: SpanKind, key: SpanKey): Span | undefined {
  const day = kind === 'day' ? key : kind === 'month' ? `${key}-01` : mondayOfWeek(key)
  if (day === undefined || !isDay(day)) return undefined
  const span = spanAround(kind, day)
  // Rejects "2025-W53", which would be a week of 2026.
  return span.key === key ? span : undefined
}

/**
 * Returns the span of any kind with this key.
 * @throws PaperboyError BAD_IMPORT when the key is not a day, week or month
 */
export function parseSpan(key: SpanKey): Span {
  const span = SPAN_KINDS.map((kind) => spanNamed(kind, key)).find((each) => each !== undefined)
  if (span) return span
  throw new PaperboyError('BAD_IMPORT', `"${key}" is not a day (2026-03-14), week (2026-W11) or month (2026-03).`)
}

/** Returns the span that contains a day. */
export function spanAround(kind: SpanKind, day: string): Span {
  if (kind === 'day') return { kind, key: day, from: day, to: day }
  if (kind === 'week') {
    const from = mondayOf(day)
    return { kind, key: weekKey(from), from, to: daysLater(from, 6) }
  }
  const [year, month] = day.split('-').map(Number) as [number, number]
  return { kind, key: day.slice(0, 7), from: `${day.slice(0, 7)}-01`, to: dayOf(new Date(Date.UTC(year, month, 0))) }
}

/** Returns a month's days in rows of seven, Monday first. Days of other months are null. */
export function calendarWeeks(month: Span): (string | null)[][] {
  const weeks: (string | null)[][] = []
  for (let monday = mondayOf(month.from); monday <= month.to; monday = daysLater(monday, 7)) {
    const week = Array.from({ length: 7 }, (_, i) => daysLater(monday, i))
    weeks.push(week.map((day) => (day >= month.from && day <= month.to ? day : null)))
  }
  return weeks
}

/** A week belongs to the year of its Thursday (ISO 8601). */
function weekKey(monday: string): string {
  const thursday = daysLater(monday, 3)
  const year = thursday.slice(0, 4)
  const week = Math.floor(daysBetween(`${year}-01-01`, thursday) / 7) + 1
  return `${year}-W${String(week).padStart(2, '0')}`
}

function mondayOfWeek(key: string): string | undefined {
  const [, year, week] = /^(\d{4})-W(\d{2})$/.exec(key) ?? []
  // 4 January is always in week 1.
  if (!year || !isDay(`${year}-01-04`)) return undefined
  return daysLater(mondayOf(`${year}-01-04`), (Number(week) - 1) * 7)
}
