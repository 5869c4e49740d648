import { sql } from 'drizzle-orm'
import { needsAttempt } from './attempts.ts'

/**
 * SQL conditions that several statements share. Aliases: `e` for editions, `b` for batches, `d` for deliveries.
 */

/** Editions that may be sent: released, and neither paused nor cancelled. */
export const SENDABLE_EDITION = sql`e.state IN ('released', 'sending', 'sent')`

/** While sending is halted no batch is due: workers would ask for the same batches forever. */
export const NOT_HALTED = sql`NOT EXISTS (SELECT FROM mailing WHERE halted_at IS NOT NULL)`

/** Unfinished batches without a live lease. Leases end by the database clock, so worker clocks do not matter. */
export const AVAILABLE_BATCH = sql`(b.state = 'open' OR (b.state = 'leased' AND b.lease_until < now()))`

/** Value of `crashes` that prevents any resend: the outcome stays unknown, since its reader may no longer be emailed. */
export const NO_MORE_RESENDS = 1000

/** Deliveries that need an attempt, the first or a further one. */
export const deliveryNeedsAttempt = (policy: 'resend' | 'hold') => needsAttempt(sql`d`, policy)

/** Deliveries without a final outcome: in flight, or needing an attempt. A cancelled edition has no more resends. */
export const deliveryIsOpen = (policy: 'resend' | 'hold') => sql`(d.state = 'handed' OR ${deliveryNeedsAttempt(policy)}
    AND (d.state <> 'unknown' OR NOT EXISTS (SELECT FROM editions c WHERE c.id = d.edition_id AND c.state = 'cancelled')))`
