import { sql } from 'drizzle-orm'
import { describe, expect } from 'vitest'
import type { Db } from '../../src/runtime/db/database.ts'
import { test } from '../support/database.ts'

/** Rule 9: one SQL function computes a reader's next digest from the IANA zone, correctly across daylight saving. */

type Cadence = 'daily' | 'weekdays' | 'weekly'

async function next(db: Db, zone: string, hour: number, after: string, cadence: Cadence = 'daily'): Promise<string> {
  const { rows } = await db.execute<{ at: string }>(
    sql`SELECT next_digest_at(${zone}, ${hour}, ${cadence}::cadence, 1, ${after}::timestamptz) AS at`,
  )
  return new Date(rows[0]!.at).toISOString().replace(':00.000Z', 'Z')
}

describe('an ordinary day', () => {
  const cases: [zone: string, hour: number, after: string, expected: string][] = [
    ['UTC', 8, '2026-04-15T07:59:59.999Z', '2026-04-15T08:00Z'],
    ['UTC', 8, '2026-04-15T08:00:00Z', '2026-04-16T08:00Z'],
    ['UTC', 0, '2026-04-15T00:00:00Z', '2026-04-16T00:00Z'],
    ['Europe/Berlin', 8, '2026-04-15T05:59:59Z', '2026-04-15T06:00Z'],
    ['Asia/Kolkata', 7, '2026-04-15T00:00:00Z', '2026-04-15T01:30Z'],
    ['Asia/Kathmandu', 7, '2026-04-15T00:00:00Z', '2026-04-15T01:15Z'],
    ['America/Los_Angeles', 20, '2026-04-15T03:00:00Z', '2026-04-16T03:00Z'],
    ['Pacific/Kiritimati', 8, '2026-04-14T17:00:00Z', '2026-04-14T18:00Z'],
    ['Pacific/Pago_Pago', 23, '2026-04-15T00:00:00Z', '2026-04-15T10:00Z'],
  ]
  for (const [zone, hour, after, expected] of cases) {
    test(`${hour}:00 in ${zone}, strictly after ${after}`, async ({ db }) => {
      expect(await next(db, zone, hour, after)).toBe(expected)
    })
  }
})

describe('daylight saving', () => {
  test('Berlin, spring: two o’clock does not exist; the digest comes at three on the same day', async ({ db }) => {
    expect(await next(db, 'Europe/Berlin', 2, '2026-03-28T01:00:00Z')).toBe('2026-03-29T01:00Z')
    expect(await next(db, 'Europe/Berlin', 2, '2026-03-29T01:00:00Z')).toBe('2026-03-30T00:00Z')
    expect(await next(db, 'Europe/Berlin', 8, '2026-03-28T07:00:00Z')).toBe('2026-03-29T06:00Z')
  })

  test('Berlin, autumn: two o’clock comes twice, the digest once', async ({ db }) => {
    const first = await next(db, 'Europe/Berlin', 2, '2026-10-24T00:00:00Z')
    expect(['2026-10-25T00:00Z', '2026-10-25T01:00Z']).toContain(first)
    expect(await next(db, 'Europe/Berlin', 2, first)).toBe('2026-10-26T01:00Z')
    expect(await next(db, 'Europe/Berlin', 8, '2026-10-24T06:00:00Z')).toBe('2026-10-25T07:00Z')
  })

  test('São Paulo, when its clocks still went forward at midnight: the hour 0 stays on its day', async ({ db }) => {
    expect(await next(db, 'America/Sao_Paulo', 0, '2018-11-03T03:00:00Z')).toBe('2018-11-04T03:00Z')
    expect(await next(db, 'America/Sao_Paulo', 0, '2018-11-04T03:00:00Z')).toBe('2018-11-05T02:00Z')
    expect(await next(db, 'America/Sao_Paulo', 8, '2026-11-01T12:00:00Z')).toBe('2026-11-02T11:00Z')
  })

  test('Lord Howe, whose clocks move by half an hour', async ({ db }) => {
    expect(await next(db, 'Australia/Lord_Howe', 8, '2026-10-02T21:30:00Z')).toBe('2026-10-03T21:00Z')
  })

  test('Apia, which had no 30 December 2011: each reader gets exactly one digest a day', async ({ db }) => {
    const eight = ['2011-12-28T18:00Z']
    for (let day = 0; day < 4; day++) eight.push(await next(db, 'Pacific/Apia', 8, eight.at(-1)!))
    expect(eight.slice(1)).toEqual(['2011-12-29T18:00Z', '2011-12-30T18:00Z', '2011-12-31T18:00Z', '2012-01-01T18:00Z'])
  })
})

describe('cadence', () => {
  test('weekdays are Monday to Friday in the reader’s time zone', async ({ db }) => {
    expect(await next(db, 'UTC', 8, '2026-04-17T08:00:00Z', 'weekdays')).toBe('2026-04-20T08:00Z')
    expect(await next(db, 'Asia/Tokyo', 8, '2026-04-16T23:00:00Z', 'weekdays'), 'Friday in Tokyo').toBe(
      '2026-04-19T23:00Z',
    )
    expect(await next(db, 'America/Los_Angeles', 20, '2026-04-18T02:00:00Z', 'weekdays')).toBe('2026-04-18T03:00Z')
  })

  test('weekly is Monday', async ({ db }) => {
    expect(await next(db, 'UTC', 8, '2026-04-20T07:59:00Z', 'weekly')).toBe('2026-04-20T08:00Z')
    expect(await next(db, 'UTC', 8, '2026-04-20T08:00:00Z', 'weekly')).toBe('2026-04-27T08:00Z')
    expect(await next(db, 'Pacific/Auckland', 8, '2026-04-15T00:00:00Z', 'weekly')).toBe('2026-04-19T20:00Z')
  })
})

const ZONES = [
  'UTC',
  'Europe/Berlin',
  'Europe/London',
  'America/New_York',
  'America/Los_Angeles',
  'America/Sao_Paulo',
  'America/Havana',
  'America/St_Johns',
  'Africa/Cairo',
  'Africa/Casablanca',
  'Asia/Kolkata',
  'Asia/Tokyo',
  'Australia/Lord_Howe',
  'Pacific/Chatham',
  'Pacific/Kiritimati',
]

for (const cadence of ['daily', 'weekdays', 'weekly'] as const) {
  test(`${cadence}: over a year, exactly one digest on every due day of the reader’s calendar, in 15 zones at 5 hours`, async ({
    db,
  }) => {
    // Steps from digest to digest like the planner. The days come from the database, the due days from a plain calendar.
    const { rows } = await db.execute<{ zone: string; hour: number; days: string[]; hours: number[] }>(sql`
      WITH RECURSIVE walk AS (
        SELECT 1 AS step, zone, hour, next_digest_at(zone, hour, ${cadence}::cadence, 1, ('2025-12-31 23:59:59'::timestamp AT TIME ZONE zone)) AS at
        FROM unnest(${sql.param(ZONES)}::text[]) AS zone, unnest('{0,1,2,8,23}'::int[]) AS hour
        UNION ALL
        SELECT step + 1, zone, hour, next_digest_at(zone, hour, ${cadence}::cadence, 1, at) FROM walk
        WHERE step < 400 AND at < ('2027-01-01 00:00'::timestamp AT TIME ZONE zone)
      )
      SELECT zone, hour, array_agg((at AT TIME ZONE zone)::date::text ORDER BY at) AS days,
        array_agg(extract(hour FROM at AT TIME ZONE zone)::int ORDER BY at) AS hours
      FROM walk WHERE at < ('2027-01-01 00:00'::timestamp AT TIME ZONE zone) GROUP BY zone, hour`)
    const due: string[] = []
    for (const day = new Date('2026-01-01'); day.getUTCFullYear() === 2026; day.setUTCDate(day.getUTCDate() + 1)) {
      const weekday = day.getUTCDay()
      if (cadence === 'daily' || (cadence === 'weekly' ? weekday === 1 : weekday >= 1 && weekday <= 5)) {
        due.push(day.toISOString().slice(0, 10))
      }
    }
    expect(rows).toHaveLength(ZONES.length * 5)
    for (const { zone, hour, days, hours } of rows) {
      expect(days, `${zone} ${hour}:00`).toEqual(due)
      const moved = hours.filter((each) => each !== hour)
      expect(moved.length, `${zone} ${hour}:00 is at ${hour}:00 but for the day it does not exist`).toBeLessThanOrEqual(
        2,
      )
      for (const each of moved) expect(each).toBe(hour + 1)
    }
  })
}

test('is_zone accepts names, and refuses POSIX rules and offsets', async ({ db }) => {
  const judge = async (name: string) =>
    (await db.execute<{ known: boolean }>(sql`SELECT is_zone(${name}) AS known`)).rows[0]!.known
  const names = [
    ...ZONES,
    'GMT',
    'America/Argentina/Buenos_Aires',
    'America/Port-au-Prince',
    'Etc/GMT+5',
    'Asia/Calcutta', // an old name that browsers still give
    'America/Ciudad_Juarez',
  ]
  for (const name of names) expect([name, await judge(name)]).toEqual([name, true])
  const refused = [
    '',
    ' ',
    'FOO+3',
    'FOO/BAR+3',
    'Europe/Berlin+3',
    'Etc/GMT+13',
    'Etc/GMT+99',
    'Foo/Bar3Baz',
    'EST5EDT',
    'PST8PDT,M3.2.0,M11.1.0',
    '<+03>-3',
    '+02:00',
    '-5',
    'UTC+3',
    'Europe/Nowhere',
    'Europe/',
    '/etc/passwd',
    '../../etc/passwd',
    'Europe/../Europe/Berlin',
    "Europe/Berlin'; DROP TABLE subscribers; --",
    'Europe/Berlin ',
    'x'.repeat(500),
    `Europe/${'x'.repeat(80)}`,
  ]
  for (const name of refused) expect([name, await judge(name)]).toEqual([name, false])
})
