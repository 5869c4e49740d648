import { batchesToDo } from '../src/delivery/batches.ts'
import { settleEditions } from '../src/delivery/progress.ts'
import type { Services } from '../src/services.ts'

/**
 * Job `sweep-batches`: asks again for every batch that is due and in nobody's hand, whatever the queue forgot, and calls editions
 * `sent` that are. The number of attempts is part of the job's name, since the queue refuses a name it still knows.
 */
export async function sweepBatchesJob({ db, queues, now, log }: Services): Promise<void> {
  for (const { batchId, attempts } of await batchesToDo(db, now())) {
    await queues.wake('send-batch', { batchId }, `${batchId}-${attempts}`)
  }
  for (const editionId of await settleEditions(db, now())) log.info({ editionId }, 'edition sent')
}
