import { is, sql } from 'drizzle-orm'
import { getTableConfig, isPgEnum, PgTable } from 'drizzle-orm/pg-core'
import { expect } from 'vitest'
import type { Db } from '../../../src/runtime/db/database.ts'
import * as schema from '../../../src/runtime/db/schema.ts'
import { test } from '../../support/database.ts'

/** Compares src/runtime/db/schema.ts (the types) with a database made by migrations/ (the facts), both ways. */

const tables = (Object.values(schema) as unknown[])
  .filter((each): each is PgTable => is(each, PgTable))
  .map(getTableConfig)

const rowsOf = async <T>(db: Db, query: string): Promise<T[]> => (await db.execute(sql.raw(query))).rows as T[]

const OUR_TABLES = `pg_class t WHERE t.relnamespace = 'public'::regnamespace AND t.relkind IN ('r', 'p') AND NOT t.relispartition`

test('the same tables', async ({ db }) => {
  await db.execute(sql`SELECT ensure_delivery_partition(1)`) // partitions are not in the schema
  const found = await rowsOf<{ name: string }>(db, `SELECT t.relname AS name FROM ${OUR_TABLES} ORDER BY 1`)
  expect(tables.map((table) => table.name).sort()).toEqual(found.map((row) => row.name))
  expect(found.length).toBeGreaterThan(10)
})

test('the same columns: name, type, nullability, identity or default', async ({ db }) => {
  const found = await rowsOf<{ line: string }>(
    db,
    `SELECT concat_ws(' ', t.relname || '.' || a.attname, format_type(a.atttypid, a.atttypmod),
        CASE WHEN a.attnotnull THEN 'required' ELSE 'optional' END,
        CASE WHEN a.attidentity <> '' THEN 'identity' WHEN a.atthasdef THEN 'default' END) AS line
     FROM (SELECT * FROM ${OUR_TABLES}) t JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum > 0 AND NOT a.attisdropped
     ORDER BY 1`,
  )
  const believed = tables.flatMap((table) =>
    table.columns.map((column) =>
      [
        `${table.name}.${column.name}`,
        column.getSQLType(),
        column.notNull ? 'required' : 'optional',
        column.generatedIdentity ? 'identity' : column.hasDefault || column.generated ? 'default' : undefined,
      ]
        .filter(Boolean)
        .join(' '),
    ),
  )
  expect(believed.sort()).toEqual(found.map((row) => row.line).sort())
})

test('the same constant defaults', async ({ db }) => {
  const found = await rowsOf<{ name: string; value: string }>(
    db,
    `SELECT t.relname || '.' || a.attname AS name, pg_get_expr(d.adbin, d.adrelid) AS value
     FROM (SELECT * FROM ${OUR_TABLES}) t JOIN pg_attribute a ON a.attrelid = t.oid JOIN pg_attrdef d ON d.adrelid = t.oid AND d.adnum = a.attnum`,
  )
  const inDatabase = new Map(
    found.map(({ name, value }) => [name, value.replace(/::[\w [\]]+$/, '').replace(/^'(.*)'$/, '$1')]),
  )
  const constants = tables.flatMap((table) =>
    table.columns
      .filter((column) => ['string', 'number', 'boolean'].includes(typeof column.default))
      .map((column) => [`${table.name}.${column.name}`, String(column.default)] as const),
  )
  expect(constants.length).toBeGreaterThan(10)
  for (const [name, value] of constants) expect([name, inDatabase.get(name)]).toEqual([name, value])
})

test('the same enums, with the same labels in the same order', async ({ db }) => {
  const found = await rowsOf<{ name: string; labels: string[] }>(
    db,
    `SELECT t.typname AS name, array_agg(e.enumlabel::text ORDER BY e.enumsortorder) AS labels
     FROM pg_type t JOIN pg_enum e ON e.enumtypid = t.oid WHERE t.typnamespace = 'public'::regnamespace GROUP BY 1 ORDER BY 1`,
  )
  const believed = (Object.values(schema) as unknown[])
    .filter(isPgEnum)
    .map((each) => ({ name: each.enumName, labels: [...each.enumValues] }))
  expect(believed.sort((a, b) => a.name.localeCompare(b.name))).toEqual(found)
})

test('the same primary keys and unique constraints, by name and columns in order', async ({ db }) => {
  const found = await rowsOf<{ line: string }>(
    db,
    `SELECT concat_ws(' ', t.relname, CASE c.contype WHEN 'p' THEN 'primary key' ELSE 'unique' END, c.conname,
       (SELECT string_agg(a.attname, ',' ORDER BY k.place) FROM unnest(c.conkey) WITH ORDINALITY AS k (attnum, place)
        JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = k.attnum)) AS line
     FROM (SELECT * FROM ${OUR_TABLES}) t JOIN pg_constraint c ON c.conrelid = t.oid AND c.contype IN ('p', 'u')`,
  )
  const believed = tables.flatMap((table) => [
    ...table.primaryKeys.map((key) => `${table.name} primary key ${key.getName()} ${key.columns.map((c) => c.name)}`),
    ...table.columns.filter((c) => c.primary).map((c) => `${table.name} primary key ${table.name}_pkey ${c.name}`),
    ...table.uniqueConstraints.map((key) => `${table.name} unique ${key.getName()} ${key.columns.map((c) => c.name)}`),
    ...table.columns.filter((c) => c.isUnique).map((c) => `${table.name} unique ${c.uniqueName} ${c.name}`),
  ])
  expect(believed.sort()).toEqual(found.map((row) => row.line).sort())
})

test('a ledger partition holds 32 editions, and creating one twice or concurrently is harmless', async ({ db }) => {
  await Promise.all(
    [31, 32, 33, 63, 64].map((edition) => db.execute(sql`SELECT ensure_delivery_partition(${edition})`)),
  )
  const found = await rowsOf<{ bound: string }>(
    db,
    `SELECT pg_get_expr(relpartbound, oid) AS bound FROM pg_class WHERE relispartition AND relkind = 'r' ORDER BY oid::regclass::text`,
  )
  expect(found.map((row) => row.bound).sort()).toEqual([
    "FOR VALUES FROM ('0') TO ('32')",
    "FOR VALUES FROM ('32') TO ('64')",
    "FOR VALUES FROM ('64') TO ('96')",
  ])
})
