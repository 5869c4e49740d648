import { describe, expect, test } from 'vitest'
import { isQuietDay } from '../../../src/calendar/holidays.ts'
import { daysDue } from '../../../src/papers/ingest/polling.ts'
import { type Health, sourceState } from '../../../src/papers/ingest/source-health.ts'

const at = (text: string) => new Date(`${text}Z`)

describe('list days due for a read', () => {
  test('are the whole two weeks at first', () => {
    expect(daysDue(at('2026-04-15T08:00:00'), { followDays: 14 }, new Map(), 2)).toHaveLength(15)
    expect(daysDue(at('2026-04-15T08:00:00'), { followDays: 0, lateDays: 14 }, new Map(), 2)).toEqual(['2026-04-15'])
  })

  test('are frequent for two days, rarer later, and end after two weeks', () => {
    const reads = new Map<string, number>()
    const lastRead = new Map<string, Date>()
    const from = at('2026-04-01T00:00:00').getTime()
    for (let tick = 0; tick < 20 * 144; tick++) {
      const now = new Date(from + tick * 600_000)
      for (const day of daysDue(now, { followDays: 14 }, lastRead, 2)) {
        lastRead.set(day, now)
        reads.set(day, (reads.get(day) ?? 0) + 1)
      }
    }
    // Two days every half hour, two days every six hours, eleven days once a day.
    expect(reads.get('2026-04-03')).toBeGreaterThanOrEqual(96 + 8 + 10)
    expect(reads.get('2026-04-03')).toBeLessThanOrEqual(96 + 8 + 12)
    expect(lastRead.get('2026-04-03')!.getTime()).toBeLessThan(at('2026-04-18T00:00:00').getTime())
    expect(lastRead.get('2026-04-03')!.getTime()).toBeGreaterThan(at('2026-04-16T00:00:00').getTime())
  })
})

describe('list days of a source without votes', () => {
  const due = (now: string, reads: Record<string, string>) =>
    daysDue(
      at(now),
      { followDays: 0, lateDays: 14 },
      new Map(Object.entries(reads).map(([day, read]) => [day, at(read)])),
      2,
    )

  test('are read once more after their close', () => {
    const reads = { '2026-04-14': '2026-04-14T23:50:00', '2026-04-15': '2026-04-15T01:50:00' }
    expect(due('2026-04-15T01:59:00', reads)).toEqual([])
    expect(due('2026-04-15T02:00:00', reads)).toEqual(['2026-04-14'])
    expect(due('2026-04-15T02:10:00', { ...reads, '2026-04-14': '2026-04-15T02:00:00' })).toEqual([])
  })

  test('are read late after an outage, back to two weeks or the first read', () => {
    const read = { '2026-04-10': '2026-04-10T12:00:00' }
    expect(due('2026-04-13T08:00:00', read)).toEqual(['2026-04-13', '2026-04-12', '2026-04-11', '2026-04-10'])
    expect(due('2026-05-13T08:00:00', read)).toHaveLength(15)
  })
})

describe('quiet days', () => {
  test.each([
    '2026-04-11',
    '2026-04-12',
    '2026-01-01',
    '2026-01-19',
    '2026-05-25',
    '2026-06-19',
    '2026-09-07',
    '2026-11-26',
    '2026-12-25',
  ])('%s is quiet', (day) => expect(isQuietDay(day)).toBe(true))
  test.each(['2026-04-10', '2026-01-12', '2026-05-18', '2026-09-14', '2026-11-19', '2026-11-27'])(
    '%s is not quiet',
    (day) => expect(isQuietDay(day)).toBe(false),
  )
})

describe('the state of a source', () => {
  const fine: Health = {
    readAt: at('2026-04-10T13:50:00'),
    changedAt: at('2026-04-10T13:50:00'),
    stillOn: null,
    failingSince: null,
    failure: null,
    papersToday: 30,
  }
  const now = at('2026-04-10T14:00:00')
  const saturday = at('2026-04-11T14:00:00')
  test.each([
    ['never read', undefined, now, 'unread'],
    ['read, with new votes', fine, now, 'fresh'],
    ['reads fail', { ...fine, failingSince: at('2026-04-10T12:00:00'), failure: '503' }, now, 'outage'],
    [
      'reads fail on a Saturday',
      { ...fine, papersToday: 0, failingSince: at('2026-04-11T12:00:00') },
      saturday,
      'outage',
    ],
    ['no recent read', { ...fine, readAt: at('2026-04-10T09:00:00') }, now, 'unread'],
    ['no papers at 14:00 on a Friday', { ...fine, papersToday: 0 }, now, 'empty'],
    [
      'no papers yet at 06:00',
      { ...fine, papersToday: 0, readAt: at('2026-04-10T05:50:00') },
      at('2026-04-10T06:00:00'),
      'fresh',
    ],
    ['yesterday’s list at 14:00', { ...fine, papersToday: 0, stillOn: '2026-04-09' }, now, 'stale'],
    ['no papers on a Saturday', { ...fine, papersToday: 0, readAt: at('2026-04-11T13:50:00') }, saturday, 'quiet'],
    ['votes unchanged since the night', { ...fine, changedAt: at('2026-04-10T03:00:00') }, now, 'stale'],
  ] as const)('%s: %s', (_, health, moment, state) => {
    expect(sourceState(health, moment, true)).toBe(state)
  })

  test('a source without votes is fresh without changes', () => {
    expect(sourceState({ ...fine, changedAt: at('2026-04-10T03:00:00') }, now, false)).toBe('fresh')
  })
})
