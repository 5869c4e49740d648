import { expect, onTestFinished, test, vi } from 'vitest'
import { promisedDigestAt } from '../../src/calendar/promised-digest.ts'
import { canonicalZone } from '../../src/calendar/zone-names.ts'

const promise = (
  at: string,
  cadence: 'daily' | 'weekdays' | 'weekly' = 'daily',
  zone = 'UTC',
  had?: string,
  hour = 8,
) =>
  promisedDigestAt(
    { nextDigestAt: new Date(at), cadence, hour, zone },
    2,
    had === undefined ? undefined : new Date(had),
  ).toISOString()

test('a digest is promised only after an expected list', () => {
  // Confirmed on a Saturday while Friday's edition is being sent: Monday's list is next and closes on Tuesday.
  expect(promise('2026-11-29T08:00:00Z', 'daily', 'UTC', '2026-11-28T10:00:00Z')).toBe('2026-12-01T08:00:00.000Z')
  expect(promise('2026-11-29T08:00:00Z')).toBe('2026-12-01T08:00:00.000Z')
  // On weekdays it is the next hour, which may be today's.
  expect(promise('2026-11-25T08:00:00Z')).toBe('2026-11-25T08:00:00.000Z')
  // Friday's list arrives on Saturday, and for weekday readers on Monday.
  expect(promise('2026-11-21T08:00:00Z')).toBe('2026-11-21T08:00:00.000Z')
  expect(promise('2026-11-23T08:00:00Z', 'weekdays')).toBe('2026-11-23T08:00:00.000Z')
  // Thanksgiving, 26 November, has no list.
  expect(promise('2026-11-27T08:00:00Z')).toBe('2026-11-28T08:00:00.000Z')
  // Christmas on a Friday, then a weekend: Thursday's list on Friday, Monday's on Tuesday.
  expect(promise('2026-12-26T08:00:00Z')).toBe('2026-12-29T08:00:00.000Z')
})

test('a morning east of UTC can be before the close of the previous day’s list', () => {
  // 08:00 in Tokyo is 23:00 UTC on the previous day.
  expect(promise('2026-11-29T23:00:00Z', 'daily', 'Asia/Tokyo')).toBe('2026-12-01T23:00:00.000Z')
  // Friday's list on Monday, Thursday's on Tuesday, Monday's on Wednesday.
  for (const hour of ['2026-11-15T23:00:00.000Z', '2026-11-16T23:00:00.000Z', '2026-11-17T23:00:00.000Z'])
    expect(promise(hour, 'weekdays', 'Asia/Tokyo')).toBe(hour)
  // After Thanksgiving, Thursday had no list: Friday's on Monday, nothing on Tuesday.
  expect(promise('2026-11-30T23:00:00Z', 'weekdays', 'Asia/Tokyo')).toBe('2026-12-01T23:00:00.000Z')
})

test('the reader’s local hour stays the same when summer time begins', () => {
  // Sunday, 29 March 2026: from 07:00 UTC to 06:00 UTC in Berlin.
  expect(promise('2026-03-29T06:00:00Z', 'daily', 'Europe/Berlin')).toBe('2026-03-31T06:00:00.000Z')
  expect(promise('2026-03-28T23:00:00Z', 'daily', 'Europe/Berlin', '2026-03-28T12:00:00Z', 0)).toBe(
    '2026-03-31T22:00:00.000Z',
  )
})

test('every week has a list, and an unknown zone is read as UTC', () => {
  expect(promise('2026-11-29T08:00:00Z', 'weekly')).toBe('2026-11-29T08:00:00.000Z')
  expect(promise('2026-11-29T08:00:00Z', 'daily', 'Nowhere/Atall')).toBe('2026-12-01T08:00:00.000Z')
})

test('a text that is too long for a zone is not looked up, and not remembered', () => {
  const looksUp = vi.spyOn(Intl, 'DateTimeFormat')
  onTestFinished(() => looksUp.mockRestore())
  const long = `Europe/${'x'.repeat(64)}`
  expect([canonicalZone(long), looksUp.mock.calls]).toEqual([long, []])
})

test('zones without a place get one with the same rules', () => {
  const inUsualCase = {
    'europe/berlin': 'Europe/Berlin',
    'Asia/Kolkata': 'Asia/Kolkata',
    'US/Pacific': 'US/Pacific',
    utc: 'UTC',
  }
  expect(Object.keys(inUsualCase).map(canonicalZone)).toEqual(Object.values(inUsualCase))
  expect(['CET', 'EST', 'EST5EDT', 'Japan', 'UTC', 'Europe/Berlin', '+03:00', 'Nowhere'].map(canonicalZone)).toEqual([
    'Europe/Brussels',
    'America/Panama',
    'America/New_York',
    'Asia/Tokyo',
    'UTC',
    'Europe/Berlin',
    '+03:00',
    'Nowhere',
  ])
})
