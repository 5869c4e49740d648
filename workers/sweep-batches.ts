import { dueBatches } from '../src/delivery/ledger/batches.ts'
import type { Queues } from '../src/runtime/queue.ts'
import type { Services } from '../src/runtime/services.ts'

/**
 * Enqueues a job for a batch. The job's id contains the number of attempts, so that the job of a dead worker does not block it.
 */
export const wakeForBatch = (
  queues: Queues,
  { batchId, attempts }: { batchId: number; attempts: number },
): Promise<void> => queues.wake('send-batch', { batchId }, `${batchId}-${attempts}`)

/** Job `sweep-batches`: enqueues every due batch without a lease, in case the queue lost its job. */
export async function sweepBatchesJob({ db, queues, now }: Services): Promise<void> {
  for (const batch of await dueBatches(db, now())) await wakeForBatch(queues, batch)
}
