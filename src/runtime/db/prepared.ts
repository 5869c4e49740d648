import { type SQL, sql } from 'drizzle-orm'
import type { Db } from './database.ts'
import { PREPARE } from './preparing-client.ts'

/**
 * `db.execute`, for a statement that runs often: each connection plans it once. Worth it where planning takes longer than running,
 * and only where one plan is good for all values.
 */
export const executePrepared = <Row extends Record<string, unknown>>(db: Db, query: SQL) =>
  db.execute<Row>(sql`${sql.raw(PREPARE)}${query}`)
