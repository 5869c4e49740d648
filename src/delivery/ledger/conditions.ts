import { sql } from 'drizzle-orm'

/**
 * What several statements ask of the same rows, in SQL. Aliases: `e` for editions, `b` for batches, `d` for deliveries.
 */

/** Editions that may be mailed from: paused and cancelled ones may not. */
export const LIVE = sql`e.state IN ('released', 'sending', 'sent')`

/** While mailing is halted nothing is due: workers would ask for the same batches without end. */
export const NOT_HALTED = sql`NOT EXISTS (SELECT FROM mailing WHERE halted_at IS NOT NULL)`

/** Batches with work left that no living worker holds. A lease ends by the database's clock, so that workers' clocks do not matter. */
export const IN_NOBODYS_HAND = sql`(b.state = 'open' OR (b.state = 'leased' AND b.lease_until < now()))`

/**
 * How often one message is handed over again when nobody knows what became of it, under UNKNOWN_POLICY=resend: after crashes, and
 * after lost connections. With one after a crash, six of 20,000 readers were left unknown by 20 kills, since the second of two can hit
 * what the first has made a resend. Without an end, a message that kills its worker would do so for ever.
 */
const RESENDS_AFTER_CRASHES = 3
const RESENDS_AFTER_CUTS = 3
/** A count of crashes that says: unknown for good, since its reader may not be mailed any more. */
export const GIVEN_UP = 1000

/** Deliveries that are still to be handed over. */
export const toDo = (policy: 'resend' | 'hold') =>
  policy === 'hold'
    ? sql`d.state IN ('queued', 'deferred')`
    : sql`(d.state IN ('queued', 'deferred')
        OR (d.state = 'unknown' AND d.crashes <= ${RESENDS_AFTER_CRASHES} AND d.cuts <= ${RESENDS_AFTER_CUTS}))`
