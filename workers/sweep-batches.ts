import { dueBatches } from '../src/delivery/ledger/batches.ts'
import type { Queues } from '../src/runtime/queue.ts'
import type { Services } from '../src/runtime/services.ts'

/**
 * Asks for a worker for a batch. The number of attempts is part of the job's name, so that a name that is still held for a dead
 * worker's job does not stand in the way.
 */
export const wakeForBatch = (
  queues: Queues,
  { batchId, attempts }: { batchId: number; attempts: number },
): Promise<void> => queues.wake('send-batch', { batchId }, `${batchId}-${attempts}`)

/** Job `sweep-batches`: asks again for every batch that is due and in nobody's hand, whatever the queue forgot. */
export async function sweepBatchesJob({ db, queues, now }: Services): Promise<void> {
  for (const batch of await dueBatches(db, now())) await wakeForBatch(queues, batch)
}
