import { sql } from 'drizzle-orm'
import { needsAttempt } from './attempts.ts'

/**
 * What several statements ask of the same rows, in SQL. Aliases: `e` for editions, `b` for batches, `d` for deliveries.
 */

/** Editions that may be mailed from: paused and cancelled ones may not. */
export const SENDABLE_EDITION = sql`e.state IN ('released', 'sending', 'sent')`

/** While mailing is halted nothing is due: workers would ask for the same batches without end. */
export const NOT_HALTED = sql`NOT EXISTS (SELECT FROM mailing WHERE halted_at IS NOT NULL)`

/** Batches with work left that no living worker holds. A lease ends by the database's clock, so that workers' clocks do not matter. */
export const AVAILABLE_BATCH = sql`(b.state = 'open' OR (b.state = 'leased' AND b.lease_until < now()))`

/** A count of crashes that says: unknown for good, since its reader may not be mailed any more. */
export const NO_MORE_RESENDS = 1000

/** Deliveries that are still to be handed over. */
export const deliveryNeedsAttempt = (policy: 'resend' | 'hold') => needsAttempt(sql`d`, policy)
