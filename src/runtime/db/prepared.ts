import { type SQL, sql } from 'drizzle-orm'
import { PREPARE } from './preparing-client.ts'

/**
 * Marks a statement that each connection plans only once. Use it where planning takes longer than running, and where one plan suits
 * all values.
 */
export const prepared = (statement: SQL): SQL => sql`${sql.raw(PREPARE)}${statement}`
