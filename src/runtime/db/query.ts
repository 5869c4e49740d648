import { type SQL, sql } from 'drizzle-orm'
import { z } from 'zod'
import type { Db } from './database.ts'

export const text = z.string()
export const bool = z.boolean()
/** An integer or float column that the driver returns as a number; not `bigint` or `numeric`. */
export const number = z.number()
/** A float column that may hold infinity, which `number` refuses. */
export const float = z.custom<number>((value) => typeof value === 'number')
/** A bigint column. The driver returns text. Ids and counts stay far below 2⁵³; a larger number is an error. */
export const bigint = z.coerce.number().int()
/** A timestamptz column. The driver returns text. */
export const moment = z.coerce.date()
/** A bytea column. */
export const bytes = z.instanceof(Buffer)

type Runner = Pick<Db, 'execute'>
type Columns<Shape extends z.ZodRawShape> = Shape | z.ZodObject<Shape>
type Row<Shape extends z.ZodRawShape> = { [Key in keyof Shape]: z.output<Shape[Key]> }
/** Tag of a template: its placeholders are parameters or SQL, as in drizzle's `sql`. */
type Tag<Result> = (parts: TemplateStringsArray, ...values: unknown[]) => Promise<Result>

/**
 * Runs a statement and returns its rows, validated and named by their columns: query(db, { id: bigint })`SELECT …`
 *
 * @param columns types by keys in camel case: `dueAt` reads the column `due_at`. Other columns are dropped. For a statement of many
 *   rows, pass a constant `z.object`: zod compiles it once and reads a row in half the time
 * @param statement from `prepared` if each connection should plan it once
 * @throws the database's error, or a ZodError when a row does not match
 */
export function query<Shape extends z.ZodRawShape>(db: Runner, columns: Columns<Shape>): Tag<Row<Shape>[]>
export function query<Shape extends z.ZodRawShape>(
  db: Runner,
  columns: Columns<Shape>,
  statement: SQL,
): Promise<Row<Shape>[]>
export function query<Shape extends z.ZodRawShape>(db: Runner, columns: Columns<Shape>, statement?: SQL) {
  const schema = columns instanceof z.ZodObject ? columns : undefined
  const shape: z.ZodRawShape = columns instanceof z.ZodObject ? columns.shape : columns
  const run = async (given: SQL): Promise<Row<Shape>[]> => {
    const names = Object.keys(shape).map((key) => [key, columnOf(key)] as const)
    return (await db.execute(given)).rows.map((row) => {
      const found: Record<string, unknown> = {}
      for (const [key, column] of names) found[key] = schema ? row[column] : z.parse(shape[key]!, row[column])
      return (schema ? schema.parse(found) : found) as Row<Shape>
    })
  }
  return statement ? run(statement) : tag(run)
}

/** Runs a statement that returns exactly one row, and returns that row. @throws Error when there is none */
export function queryOne<Shape extends z.ZodRawShape>(db: Runner, columns: Columns<Shape>): Tag<Row<Shape>>
export function queryOne<Shape extends z.ZodRawShape>(
  db: Runner,
  columns: Columns<Shape>,
  statement: SQL,
): Promise<Row<Shape>>
export function queryOne<Shape extends z.ZodRawShape>(db: Runner, columns: Columns<Shape>, statement?: SQL) {
  const run = async (given: SQL): Promise<Row<Shape>> => {
    const [first] = await query(db, columns, given)
    if (first === undefined) throw new Error('The statement returned no row.')
    return first
  }
  return statement ? run(statement) : tag(run)
}

/** Runs a statement of one column, and returns its values. */
export const queryColumn = <Type extends z.ZodType>(db: Runner, type: Type): Tag<z.output<Type>[]> =>
  tag(async (statement) => (await db.execute(statement)).rows.map((row) => type.parse(Object.values(row)[0])))

const tag =
  <Result>(run: (statement: SQL) => Promise<Result>): Tag<Result> =>
  (parts, ...values) =>
    run(sql(parts, ...values))

const columnOf = (key: string): string => key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
