import { sql } from 'drizzle-orm'
import { expect } from 'vitest'
import { number, queryOne, text } from '../../../src/runtime/db/query.ts'
import { statement } from '../../../src/runtime/db/statement.ts'
import { test } from '../../support/database.ts'

test('each value is one parameter however often it occurs, and other values are literals', async ({ db }) => {
  let written = 0
  const build = statement<'name' | 'size'>((given) => {
    written++
    return sql`SELECT ${given.size}::int + ${3}::int AS size, ${given.name}::text || ${"'s $3, "} || ${given.size}::int AS name`
  })
  const all = { size: number, name: text }
  expect(await queryOne(db, all, build({ name: 'Ada', size: 4 }))).toEqual({ size: 7, name: "Ada's $3, 4" })
  expect(await queryOne(db, all, build({ name: 'Bo', size: 5 }))).toEqual({ size: 8, name: "Bo's $3, 5" })
  expect(written).toBe(1)
})
