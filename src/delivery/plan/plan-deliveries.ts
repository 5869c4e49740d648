import { sql } from 'drizzle-orm'
import { z } from 'zod'
import { bigint } from '../../runtime/db/query.ts'

/** Deliveries per batch: enough to make a lease cheap, few enough for several workers to share an edition evenly. */
export const BATCH_SIZE = 250

/** Batches that one statement makes. */
export const BATCHES_A_STEP = 10

/** Receives batches that can be sent. */
export type OnPlanned = (batchIds: readonly number[]) => void

/** New batches, so that workers can be woken for them, and the number of new deliveries. */
export interface Planned {
  batchIds: number[]
  deliveries: number
}

/**
 * Returns the CTEs that end a planning statement. They expect a CTE `wanted` (id of the reader, edition_id) and
 *
 * - lock its editions, so that none is cancelled or marked `sent` during planning; a cancelled one gets no deliveries,
 * - insert batches and deliveries, in the same order for all planners to avoid deadlocks, and
 * - mark the editions `sending`.
 *
 * @param expiresAt may name columns of `wanted`
 */
export const insertBatchesAndDeliveries = (at: Date, expiresAt: ReturnType<typeof sql>) => sql`
  live AS MATERIALIZED (
    SELECT id, state FROM editions
    WHERE id IN (SELECT edition_id FROM wanted) AND state IN ('released', 'sending', 'paused', 'sent')
    ORDER BY id FOR NO KEY UPDATE
  ), sorted AS (
    SELECT *, (row_number() OVER (PARTITION BY edition_id ORDER BY id) - 1) / ${BATCH_SIZE} AS nth FROM wanted
  ), batch AS (
    INSERT INTO batches (edition_id, due_at)
    SELECT live.id, ${at}::timestamptz FROM live, LATERAL (SELECT DISTINCT nth FROM sorted WHERE edition_id = live.id) AS each
    RETURNING id, edition_id
  ), numbered AS (
    SELECT *, row_number() OVER (PARTITION BY edition_id ORDER BY id) - 1 AS nth FROM batch
  ), planned AS (
    INSERT INTO deliveries (edition_id, subscriber_id, batch_id, expires_at)
    SELECT wanted.edition_id, wanted.id, numbered.id, ${expiresAt}
    FROM sorted AS wanted JOIN numbered USING (edition_id, nth) ORDER BY wanted.edition_id, wanted.id
    ON CONFLICT DO NOTHING
    RETURNING subscriber_id
  ), under_way AS (
    -- By the state that the lock returned: an edition may have become \`sent\` while the lock waited.
    UPDATE editions e SET state = 'sending', sent_at = NULL
    FROM live WHERE e.id = live.id AND live.state IN ('released', 'sent')
  )`

/** What a planning statement selects at its end, and the types of these columns. */
export const SELECT_PLANNED = sql`ARRAY(SELECT id::text FROM batch) AS batch_ids, (SELECT count(*) FROM planned) AS deliveries`
export const PLANNED = { batchIds: z.array(bigint), deliveries: bigint }
