import { whyHalted } from '../src/delivery/ledger/restore-guard.ts'
import { planAll, unplannedEditions } from '../src/delivery/plan/plan-all.ts'
import type { Planned } from '../src/delivery/plan/plan-deliveries.ts'
import { planDue } from '../src/delivery/plan/plan-due.ts'
import type { Services } from '../src/runtime/services.ts'
import { wakeForBatch } from './sweep-batches.ts'

/** Batches woken while planning goes on: enough to start many workers, since each continues with the next due batch. */
const MOST_WOKEN = 200

/** Job `plan-deliveries`: continues unfinished "send to all" orders, then plans digests for readers who are due. */
export async function planDeliveriesJob(services: Services): Promise<void> {
  if (await whyHalted(services.db)) return
  let woken = 0
  const onPlanned = (batchIds: readonly number[]) => {
    for (const batchId of woken < MOST_WOKEN ? batchIds : []) {
      void wakeForBatch(services.queues, { batchId, attempts: 0 })
      woken++
    }
  }
  const log = ({ deliveries, batchIds }: Planned) => {
    if (deliveries > 0) services.log.info({ deliveries, batches: batchIds.length }, 'deliveries planned')
  }
  for (const { id } of await unplannedEditions(services.db))
    log(await planAll(services, id, { skipIfBusy: true, onPlanned }))
  log(await planDue(services, onPlanned))
}
