import { sql } from 'drizzle-orm'
import { expect } from 'vitest'
import { z } from 'zod'
import { prepared } from '../../../src/runtime/db/prepared.ts'
import { bigint, bytes, moment, query, queryColumn, queryOne, text } from '../../../src/runtime/db/query.ts'
import { test } from '../../support/database.ts'

const Columns = { editionId: bigint, dueAt: moment, key: bytes, note: text.nullable() }

test('rows have the types and names of the schema', async ({ db }) => {
  const statement = sql`
    SELECT 7::bigint edition_id, '2026-04-14 02:00+00'::timestamptz due_at, '\\x0102'::bytea key, NULL::text note, 1 other`
  const row = { editionId: 7, dueAt: new Date('2026-04-14T02:00:00Z'), key: Buffer.from([1, 2]), note: null }
  expect(await query(db, Columns, statement)).toEqual([row])
  expect(await query(db, z.object(Columns), statement)).toEqual([row])
  expect(await queryOne(db, Columns, statement)).toEqual(row)
})

test('placeholders of a template are parameters, or SQL', async ({ db }) => {
  const name = "Robert'); DROP TABLE papers; --"
  expect(await query(db, { name: text, n: bigint })`SELECT ${name} AS name, ${sql`1 + 1`} AS n`).toEqual([
    { name, n: 2 },
  ])
  expect(await queryOne(db, { name: text })`SELECT ${name} AS name`).toEqual({ name })
  expect(await queryColumn(db, bigint)`SELECT n FROM generate_series(${1}::bigint, 3) AS n`).toEqual([1, 2, 3])
})

test('a row that does not match its columns is an error', async ({ db }) => {
  await expect(query(db, { n: bigint })`SELECT 'many' n`).rejects.toThrow(z.ZodError)
  await expect(query(db, { n: bigint })`SELECT 9007199254740993::bigint n`).rejects.toThrow(z.ZodError)
  await expect(query(db, { n: bigint })`SELECT 1 AS renamed`).rejects.toThrow(z.ZodError)
  await expect(queryColumn(db, bigint)`SELECT 'many'`).rejects.toThrow(z.ZodError)
  await expect(queryOne(db, { n: bigint })`SELECT 1 n WHERE false`).rejects.toThrow('no row')
})

test('a connection plans a prepared statement once, also in a transaction', async ({ db }) => {
  const count = (on: typeof db) =>
    query(on, { statement: text, runs: bigint })`
      SELECT statement, generic_plans + custom_plans runs FROM pg_prepared_statements WHERE statement LIKE '%prepare%FROM%'`
  await db.transaction(async (tx) => {
    for (const n of [1, 2, 3]) await tx.execute(prepared(sql`SELECT ${n}::int AS n FROM (VALUES (1)) v`))
    expect(await count(tx)).toEqual([{ statement: expect.stringContaining('SELECT $1::int AS n'), runs: 3 }])
  })
})
