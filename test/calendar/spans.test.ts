import { describe, expect, test } from 'vitest'
import { daysLater } from '../../src/calendar/days.ts'
import { calendarWeeks, parseSpan, spanAround, spanNamed } from '../../src/calendar/spans.ts'

describe('a span', () => {
  test.for([
    ['day', '2026-04-14', '2026-04-14', '2026-04-14'],
    ['week', '2026-W16', '2026-04-13', '2026-04-19'],
    ['week', '2026-W01', '2025-12-29', '2026-01-04'],
    ['week', '2026-W53', '2026-12-28', '2027-01-03'],
    ['week', '2025-W01', '2024-12-30', '2025-01-05'],
    ['month', '2026-04', '2026-04-01', '2026-04-30'],
    ['month', '2024-02', '2024-02-01', '2024-02-29'],
    ['month', '2026-12', '2026-12-01', '2026-12-31'],
    ['month', '1050-02', '1050-02-01', '1050-02-28'],
  ] as const)('%s %s is from %s to %s', ([kind, key, from, to]) => {
    expect(spanNamed(kind, key)).toEqual({ kind, key, from, to })
    expect(parseSpan(key)).toEqual({ kind, key, from, to })
  })

  test.for([
    ['day', '2026-02-30'],
    ['day', '2026-4-1'],
    ['week', '2025-W53'],
    ['week', '2026-W00'],
    ['week', '2026-W54'],
    ['week', '2026-16'],
    ['week', '0000-W01'],
    ['month', '2026-13'],
    ['month', '2026-00'],
    ['month', '2026-4'],
    ['month', '2026-04-01'],
    ['month', ''],
  ] as const)('there is no %s %s', ([kind, key]) => {
    const span = spanNamed(kind, key)
    expect(span).toBeUndefined()
  })

  test.each(['2025-W53', '2026-W00', '2026-13', '2026', '2026-02-30', ''])('a command refuses "%s"', (key) => {
    expect(() => parseSpan(key)).toThrow(/is not a day/)
  })

  test('around a day contains it, and its key gives the same span, for every day of eight years', () => {
    for (let day = '2020-01-01'; day < '2028-01-01'; day = daysLater(day, 1)) {
      for (const kind of ['day', 'week', 'month'] as const) {
        const span = spanAround(kind, day)
        expect(span.from <= day && day <= span.to).toBe(true)
        expect(spanNamed(kind, span.key)).toEqual(span)
      }
    }
  })
})

test('a calendar has each day of the month once, in its weekday’s column', () => {
  const weeks = calendarWeeks(spanAround('month', '2026-04-10'))
  expect(weeks.every((week) => week.length === 7)).toBe(true)
  expect(weeks[0]).toEqual([null, null, '2026-04-01', '2026-04-02', '2026-04-03', '2026-04-04', '2026-04-05'])
  expect(weeks.flat().filter((day) => day !== null)).toHaveLength(30)
  // Exactly four weeks.
  expect(calendarWeeks(spanAround('month', '2027-02-01'))).toHaveLength(4)
})
