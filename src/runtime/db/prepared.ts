import { type SQL, sql } from 'drizzle-orm'
import type { Db } from './database.ts'
import { PREPARE } from './preparing-client.ts'

/**
 * Runs a statement like `db.execute`, but each connection plans it only once. Use it where planning takes longer than running,
 * and where one plan suits all values.
 */
export const executePrepared = <Row extends Record<string, unknown>>(db: Db, query: SQL) =>
  db.execute<Row>(sql`${sql.raw(PREPARE)}${query}`)
