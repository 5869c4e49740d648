import { batches } from '../../runtime/db/schema.ts'
import type { Services } from '../../runtime/services.ts'
import { BATCH_SIZE } from '../plan/plan-deliveries.ts'
import { retryDelayMs } from './attempts.ts'
import type { Lease } from './batches.ts'
import type { RecordedOutcome } from './record-outcomes.ts'

/** Assigns deliveries that need a retry to later batches. */
export interface RetryBatches {
  /** Sets `retryBatch` on outcomes that need a retry. */
  assign(lease: Release, group: readonly RecordedOutcome[]): Promise<void>
}

/** A recall deletes the batches of an edition, so its next release has others. */
type Release = Pick<Lease, 'editionId' | 'releasedAt'>

/** Deliveries deferred within this time share a batch, so that slow sending does not make batches of one. */
const SHARED_FOR_MS = 10_000

/**
 * Opens retry batches, one per edition and attempt number, shared by all batches of this process. When the relay is down, a delivery
 * stays in its batch, which waits as a whole. A delivery whose own message was refused is retried on its own.
 */
export function openRetryBatches({ db, config, now }: Pick<Services, 'db' | 'config' | 'now'>): RetryBatches {
  const made = new Map<string, { batchId: number; until: number; room: number }>()
  const make = async (editionId: number, attempt: number) => {
    const at = now().getTime()
    for (const [key, { until }] of made) if (until < at) made.delete(key)
    const dueAt = new Date(at + retryDelayMs('digest', attempt))
    const [row] = await db.insert(batches).values({ editionId, dueAt }).returning({ id: batches.id })
    return { batchId: row!.id, until: at + SHARED_FOR_MS, room: BATCH_SIZE }
  }
  return {
    async assign({ editionId, releasedAt }, group) {
      for (const one of group) {
        const { state, relayDown, aboutUs } = one.outcome
        const needsRetry = state === 'deferred' || (state === 'unknown' && config.UNKNOWN_POLICY === 'resend')
        if (!needsRetry || (relayDown && !aboutUs)) continue
        const key = `${editionId} ${releasedAt} ${one.attempt}`
        let batch = made.get(key)
        if (!batch || batch.room === 0 || batch.until < now().getTime()) {
          batch = await make(editionId, one.attempt)
          made.set(key, batch)
        }
        batch.room--
        one.retryBatch = batch.batchId
      }
    },
  }
}
