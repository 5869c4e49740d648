import { sql } from 'drizzle-orm'

/** SQL, of rows of `outbox`: service mails that are still to be handed over, or once more, and are in nobody's hand. */
export const WAITING = sql`settled_at IS NULL AND state IN ('queued', 'deferred', 'unknown')`
