import { whyHalted } from '../src/delivery/ledger/restore-guard.ts'
import { planAll, unplannedEditions } from '../src/delivery/plan/plan-all.ts'
import { planDue } from '../src/delivery/plan/plan-due.ts'
import type { Services } from '../src/runtime/services.ts'
import { wakeForBatch } from './sweep-batches.ts'

/** Job `plan-deliveries`: continues unfinished "send to all" orders, then plans digests for readers who are due. */
export async function planDeliveriesJob(services: Services): Promise<void> {
  if (await whyHalted(services.db)) return
  const plans = []
  for (const { id } of await unplannedEditions(services.db))
    plans.push(await planAll(services, id, { skipIfBusy: true }))
  plans.push(await planDue(services))
  for (const { batchIds, deliveries } of plans) {
    if (deliveries > 0) services.log.info({ deliveries, batches: batchIds.length }, 'deliveries planned')
    for (const batchId of batchIds) await wakeForBatch(services.queues, { batchId, attempts: 0 })
  }
}
