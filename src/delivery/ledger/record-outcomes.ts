import { type SQL, sql } from 'drizzle-orm'
import type { Outcome } from '../../relay/outcome.ts'
import type { Db } from '../../runtime/db/database.ts'
import { prepared } from '../../runtime/db/prepared.ts'
import { suppress } from '../../suppression/suppress.ts'
import { afterOutcome, isAttempt, retryDelayMs } from './attempts.ts'
import type { Lease } from './batches.ts'

/** An attempt's outcome to record. `retryBatch` is the batch of the next attempt, if there is one. */
export interface RecordedOutcome {
  subscriberId: number
  /** attempt number, starting at 1 */
  attempt: number
  /** hash of the address, if it is to be suppressed */
  addressHash?: Buffer | undefined
  outcome: Outcome
  retryBatch?: number | undefined
}

interface RecordOptions {
  at: Date
  policy: 'resend' | 'hold'
}

/**
 * Records outcomes, also for a delivery that another worker has set to `unknown`, since the outcome is now known; but never for a later
 * attempt. Reopens a batch that ended before one of its deliveries needed a retry.
 */
export async function recordOutcomes(
  db: Db,
  lease: Pick<Lease, 'editionId' | 'batchId'>,
  outcomes: readonly RecordedOutcome[],
  { at, policy }: RecordOptions,
): Promise<void> {
  const hardBounces = outcomes.filter(({ outcome }) => outcome.hardBounce)
  const isDeferred = outcomes.some(({ outcome }) => outcome.state === 'deferred')
  if (hardBounces.length === 0 && !isDeferred) return recordStates(db, lease, outcomes, { at, policy })
  await db.transaction(async (tx) => {
    // Settling locks the edition as well. Otherwise it becomes `sent` after the statement below has seen that it is not.
    if (isDeferred) await tx.execute(sql`SELECT FROM editions WHERE id = ${lease.editionId} FOR KEY SHARE`)
    await recordStates(tx, lease, outcomes, { at, policy })
    if (hardBounces.length === 0) return
    // In one transaction: the next edition must not go to a mailbox that does not exist.
    const hashes = hardBounces.map(({ addressHash }) => addressHash!)
    await suppress(
      tx,
      hashes.map((hash) => ({ hash, reason: 'hard bounce' })),
      at,
    )
  })
}

/**
 * A statement that records accepted attempts, for the statement that marks the next ones: one commit instead of two. Like
 * `recordOutcomes`, it never changes a later attempt.
 */
export const recordAccepted = (editionId: number, accepted: readonly RecordedOutcome[], at: Date): SQL => sql`
    UPDATE deliveries d SET state = 'accepted', reply = r.reply, relay = coalesce(r.relay, d.relay), settled_at = ${at}
    FROM unnest(${sql.param(accepted.map((one) => one.subscriberId))}::bigint[],
                ${sql.param(accepted.map((one) => one.attempt))}::int[],
                ${sql.param(accepted.map((one) => one.outcome.reply))}::text[],
                ${sql.param(accepted.map((one) => one.outcome.relay ?? null))}::text[]) AS r (subscriber_id, hand_overs, reply, relay)
    WHERE d.edition_id = ${editionId} AND d.subscriber_id = r.subscriber_id AND ${isAttempt(sql`d`, sql`r.hand_overs`)}`

async function recordStates(
  db: Db,
  { editionId, batchId }: Pick<Lease, 'editionId' | 'batchId'>,
  outcomes: readonly RecordedOutcome[],
  { at, policy }: RecordOptions,
): Promise<void> {
  const again = new Date(at.getTime() + retryDelayMs('digest', 1))
  const next = afterOutcome(sql`d`, sql`r.state`, policy)
  // One statement: a batch that is done is open again before a worker can see its delivery wait for a retry.
  const recordStatement = sql`
    WITH r AS (
      SELECT * FROM unnest(${sql.param(outcomes.map((one) => one.subscriberId))}::bigint[],
                           ${sql.param(outcomes.map((one) => one.attempt))}::int[],
                           ${sql.param(outcomes.map((one) => one.outcome.state))}::delivery_state[],
                           ${sql.param(outcomes.map((one) => one.outcome.reply))}::text[],
                           ${sql.param(outcomes.map((one) => one.retryBatch ?? null))}::bigint[],
                           ${sql.param(outcomes.map((one) => one.outcome.relay ?? null))}::text[]
                    ) AS r (subscriber_id, hand_overs, state, reply, retry_batch, relay)
    ), reopened AS (
      UPDATE batches SET
        due_at = CASE WHEN state = 'done' THEN ${again} ELSE due_at END,
        state = CASE WHEN state = 'done' THEN 'open' ELSE state END
      -- By id alone: conditions joined with OR read every batch.
      WHERE id = ANY(ARRAY(
          SELECT retry_batch FROM r WHERE retry_batch IS NOT NULL
          UNION ALL SELECT ${batchId}::bigint WHERE EXISTS (SELECT FROM r WHERE retry_batch IS NULL AND r.state IN ('deferred', 'unknown'))
        )) AND (id <> ${batchId}::bigint OR state = 'done')
    ), unsent AS (
      -- The outcome of a worker that lost its lease may come when the edition counts as sent already.
      UPDATE editions SET state = 'sending', sent_at = NULL
      WHERE id = ${editionId} AND state = 'sent' AND EXISTS (SELECT FROM r WHERE r.state = 'deferred')
    )
    UPDATE deliveries d SET reply = r.reply, relay = coalesce(r.relay, d.relay), settled_at = ${at},
      state = ${next.state}, hand_overs = ${next.attempts}, cuts = ${next.cuts},
      -- An attempt that never began has shown nothing. Until the next one, other editions may show these papers.
      shown = CASE ${next.state} WHEN 'queued' THEN NULL ELSE d.shown END, batch_id = coalesce(r.retry_batch, d.batch_id)
    FROM r
    WHERE d.edition_id = ${editionId} AND d.subscriber_id = r.subscriber_id AND ${isAttempt(sql`d`, sql`r.hand_overs`)}`
  await db.execute(prepared(recordStatement))
}
