import { dayOf, daysLater, isDay, startOfDay } from './days.ts'

/** A day, an ISO week or a month of list days, both ends included. */
export interface Span {
  kind: SpanKind
  /** as links name it: "2026-04-14", "2026-W16", "2026-04" */
  key: string
  from: string
  to: string
}

export type SpanKind = 'day' | 'week' | 'month'

/** The span of this name, or undefined where the calendar has none. */
export function spanNamed(kind: SpanKind, key: string): Span | undefined {
  const day = kind === 'day' ? key : kind === 'month' ? `${key}-01` : mondayOfWeek(key)
  if (day === undefined || !isDay(day)) return undefined
  const span = spanAround(kind, day)
  // "2025-W53" would be a week of 2026.
  return span.key === key ? span : undefined
}

/** The span that a day is in. */
export function spanAround(kind: SpanKind, day: string): Span {
  if (kind === 'day') return { kind, key: day, from: day, to: day }
  if (kind === 'week') {
    const from = daysLater(day, -daysSinceMonday(day))
    return { kind, key: weekKey(from), from, to: daysLater(from, 6) }
  }
  const [year, month] = day.split('-').map(Number) as [number, number]
  return { kind, key: day.slice(0, 7), from: `${day.slice(0, 7)}-01`, to: dayOf(new Date(Date.UTC(year, month, 0))) }
}

/** Days of a month in weeks from Monday on; null where a week has days of other months. */
export function calendarWeeks(month: Span): (string | null)[][] {
  const before = daysSinceMonday(month.from)
  const days = Number(month.to.slice(8))
  const cells = Array.from({ length: Math.ceil((before + days) / 7) * 7 }, (_, i) =>
    i < before || i >= before + days ? null : daysLater(month.from, i - before),
  )
  return Array.from({ length: cells.length / 7 }, (_, week) => cells.slice(week * 7, week * 7 + 7))
}

const daysSinceMonday = (day: string): number => (startOfDay(day).getUTCDay() + 6) % 7

/** A week is of the year that its Thursday is in (ISO 8601). */
function weekKey(monday: string): string {
  const thursday = daysLater(monday, 3)
  const year = thursday.slice(0, 4)
  const days = (startOfDay(thursday).getTime() - startOfDay(`${year}-01-01`).getTime()) / 86_400_000
  return `${year}-W${String(Math.floor(days / 7) + 1).padStart(2, '0')}`
}

function mondayOfWeek(key: string): string | undefined {
  const [, year, week] = /^(\d{4})-W(\d{2})$/.exec(key) ?? []
  if (!year || !isDay(`${year}-01-04`)) return undefined
  // The fourth of January is always in the first week.
  const first = daysLater(`${year}-01-04`, -daysSinceMonday(`${year}-01-04`))
  return daysLater(first, (Number(week) - 1) * 7)
}
