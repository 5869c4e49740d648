import { sql } from 'drizzle-orm'

/** SQL on `outbox`: emails that wait for an attempt, with no worker sending them. */
export const WAITING = sql`settled_at IS NULL AND state IN ('queued', 'deferred', 'unknown')`
