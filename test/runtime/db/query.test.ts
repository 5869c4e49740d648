import { sql } from 'drizzle-orm'
import { expect } from 'vitest'
import { z } from 'zod'
import { executePrepared } from '../../../src/runtime/db/prepared.ts'
import { bigint, bytes, moment, query, queryOne } from '../../../src/runtime/db/query.ts'
import { test } from '../../support/database.ts'

const Row = z.object({ editionId: bigint, dueAt: moment, key: bytes, note: z.string().nullable() })

test('rows have the types and names of the schema', async ({ db }) => {
  const rows = await query(
    db,
    Row,
    sql`SELECT 7::bigint edition_id, '2026-04-14 02:00+00'::timestamptz due_at, '\\x0102'::bytea key, NULL::text note, 1 other`,
  )
  expect(rows).toEqual([
    { editionId: 7, dueAt: new Date('2026-04-14T02:00:00Z'), key: Buffer.from([1, 2]), note: null },
  ])
})

test('a row that does not match the schema is an error', async ({ db }) => {
  await expect(query(db, z.object({ n: bigint }), sql`SELECT 'many' n`)).rejects.toThrow(z.ZodError)
  await expect(query(db, z.object({ n: bigint }), sql`SELECT 9007199254740993::bigint n`)).rejects.toThrow(z.ZodError)
  await expect(queryOne(db, z.object({ n: bigint }), sql`SELECT 1 n WHERE false`)).rejects.toThrow('no row')
})

test('a connection plans a prepared statement once, also in a transaction', async ({ db }) => {
  const count = (on: typeof db) =>
    query(
      on,
      z.object({ statement: z.string(), runs: bigint }),
      sql`
      SELECT statement, generic_plans + custom_plans runs FROM pg_prepared_statements WHERE statement LIKE '%prepare%FROM%'`,
    )
  await db.transaction(async (tx) => {
    for (const n of [1, 2, 3]) await executePrepared(tx, sql`SELECT ${n}::int AS n FROM (VALUES (1)) v`)
    expect(await count(tx)).toEqual([{ statement: expect.stringContaining('SELECT $1::int AS n'), runs: 3 }])
  })
})
