import { sql } from 'drizzle-orm'
import fc from 'fast-check'
import { expect } from 'vitest'
import { daysLater, isDay, isMoment } from '../../src/calendar/days.ts'
import { spanNamed } from '../../src/calendar/spans.ts'
import { test } from '../support/database.ts'

test('PostgreSQL accepts every valid day and the days around it', async ({ db }) => {
  for (const day of [
    '0000-01-01',
    '0000-12-31',
    '0001-01-01',
    '9999-12-31',
    '2026-02-30',
    '2026-2-1',
    '-001-01-01',
    '',
  ])
    expect({ day, is: isDay(day) }).toEqual({ day, is: false })
  for (const day of ['1000-01-01', '1991-08-14', '2024-02-29', '9000-12-31']) {
    expect({ day, is: isDay(day) }).toEqual({ day, is: true })
    for (const other of [-400, 400].map((days) => daysLater(day, days)))
      expect((await db.execute(sql`SELECT ${other}::date::text AS day`)).rows).toEqual([{ day: other }])
  }
  for (const key of ['0000', '0001', '9999'])
    for (const kind of ['day', 'week', 'month'] as const)
      expect(spanNamed(kind, key + { day: '-01-01', week: '-W01', month: '-01' }[kind])).toBeUndefined()
})

test('PostgreSQL writes every valid day the same', async ({ db }) => {
  const day = fc
    .tuple(fc.integer({ min: 0, max: 9999 }), fc.integer({ min: 0, max: 13 }), fc.integer({ min: 0, max: 32 }))
    .map(
      ([year, month, date]) =>
        `${String(year).padStart(4, '0')}-${String(month).padStart(2, '0')}-${String(date).padStart(2, '0')}`,
    )
  const taken = fc.sample(day, 2_000).filter(isDay)
  const { rows } = await db.execute<{ same: boolean }>(
    sql`SELECT bool_and(day::date::text = day) AS same FROM unnest(${sql.param(taken)}::text[]) AS day`,
  )
  expect([taken.length > 100, rows]).toEqual([true, [{ same: true }]])
  expect([new Date('0000-06-01'), new Date(Number.NaN), new Date('2026-11-29')].map(isMoment)).toEqual([
    false,
    false,
    true,
  ])
})
