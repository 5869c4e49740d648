import type { SQL } from 'drizzle-orm'
import { z } from 'zod'
import type { Db } from './database.ts'

/** A bigint column. The driver returns text. Ids and counts stay far below 2⁵³; a larger number is an error. */
export const bigint = z.coerce.number().int()
/** A timestamptz column. The driver returns text. */
export const moment = z.coerce.date()
/** A bytea column. */
export const bytes = z.instanceof(Buffer)

/**
 * Runs a statement and returns its rows, validated and named by a schema.
 *
 * @param row keys in camel case: `dueAt` reads the column `due_at`. Columns without a key are dropped
 * @param execute runs the statement; pass `executePrepared` to plan it once per connection
 * @throws the database's error, or a ZodError when a row does not match the schema
 */
export async function query<Row extends z.ZodObject>(
  db: Db,
  row: Row,
  statement: SQL,
  execute: (db: Db, statement: SQL) => Promise<{ rows: Record<string, unknown>[] }> = (on, text) => on.execute(text),
): Promise<z.output<Row>[]> {
  const { rows } = await execute(db, statement)
  const columns = columnsOf(row)
  return rows.map((found) => row.parse(Object.fromEntries(columns.map(([key, column]) => [key, found[column]]))))
}

/** Runs a statement that returns exactly one row, and returns that row. @throws Error when there is none */
export async function queryOne<Row extends z.ZodObject>(db: Db, row: Row, statement: SQL): Promise<z.output<Row>> {
  const [first] = await query(db, row, statement)
  if (first === undefined) throw new Error('The statement returned no row.')
  return first
}

const known = new WeakMap<z.ZodObject, [key: string, column: string][]>()

function columnsOf(row: z.ZodObject): [key: string, column: string][] {
  let columns = known.get(row)
  if (columns === undefined) {
    columns = Object.keys(row.shape).map((key) => [key, key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)])
    known.set(row, columns)
  }
  return columns
}
