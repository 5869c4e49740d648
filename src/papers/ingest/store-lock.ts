import { sql } from 'drizzle-orm'

/** Key of the advisory lock of transactions that store lists, remove papers or change the counts of topics' spellings: they take turns. */
export const storeLock = sql`hashtext('paperboy papers store')`
