import { sql } from 'drizzle-orm'

// Keys of advisory locks. A transaction that needs both takes them in this order.

/** Transactions that store lists, remove papers or change the counts of topics' spellings take turns. */
export const storeLock = sql`hashtext('paperboy papers store')`

/** Transactions that index words or remove papers take turns. */
export const indexLock = sql`hashtext('paperboy papers index')`
