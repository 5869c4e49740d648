import { sql } from 'drizzle-orm'
import { expect } from 'vitest'
import { indexPapers } from '../../../src/papers/search/index-papers.ts'
import { bigint, queryColumn } from '../../../src/runtime/db/query.ts'
import { test } from '../../support/database.ts'
import { addPapers } from '../../support/services.ts'

test('papers that a list being stored holds are left for the next time, and nothing waits', async ({ db }) => {
  const [held, ...others] = (await addPapers(db, '2026-04-14', 3)) as [number, ...number[]]
  const indexed = () => queryColumn(db, bigint)`SELECT paper_id FROM paper_vectors ORDER BY 1`
  await db.transaction(async (storing) => {
    await storing.execute(sql`UPDATE papers SET title = 'Another title' WHERE id = ${held}`)
    expect(await indexPapers({ db })).toBe(2)
    expect(await indexed()).toEqual(others)
  })
  expect(await indexPapers({ db })).toBe(1)
  expect(await indexed()).toEqual([held, ...others])
})
