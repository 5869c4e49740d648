import { sql } from 'drizzle-orm'
import { expect } from 'vitest'
import { test } from '../support/database.ts'
import { importing, sampleFile } from './support.ts'

test('real lists are imported completely, with votes, and only once', async ({ db }) => {
  const days = ['2026-04-14', '2026-04-15']
  for (const day of days) await importing(db, sampleFile(day), day)
  const listed = async () => {
    const { rows } = await db.execute(
      sql`SELECT list_day::text AS day, count(*)::int AS papers FROM papers GROUP BY 1 ORDER BY 1`,
    )
    return rows
  }
  const first = await listed()
  expect(first).toEqual([
    { day: '2026-04-14', papers: 32 },
    { day: '2026-04-15', papers: 26 },
  ])
  for (const day of days) await importing(db, sampleFile(day), day)
  expect(await listed()).toEqual(first)
  const { rows } = await db.execute<{ voted: number; titled: number }>(sql`
    SELECT (SELECT count(DISTINCT paper_id)::int FROM signals WHERE votes > 0) AS voted,
      (SELECT count(*)::int FROM papers WHERE title <> '' AND authors <> '{}') AS titled`)
  const all = first.reduce((sum, { papers }) => sum + Number(papers), 0)
  expect(rows[0]!.titled).toBe(all)
  expect(rows[0]!.voted).toBeGreaterThan(all * 0.8)
})
