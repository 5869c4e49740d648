import { dropOldDeliveries } from '../src/delivery/ledger/drop-old-deliveries.ts'
import { forgetOldInbound } from '../src/inbound/retention.ts'
import { forgetOldDeeds } from '../src/operate/audit.ts'
import { forgetOld } from '../src/privacy/forget.ts'
import type { Services } from '../src/runtime/services.ts'

/** Job `forget-old`: what was kept long enough goes. */
export async function forgetOldJob(services: Services): Promise<void> {
  const partitions = await dropOldDeliveries(services)
  if (partitions.length > 0) services.log.info({ partitions }, 'old deliveries dropped')
  await forgetOldInbound(services)
  await forgetOldDeeds(services)
  const forgotten = await forgetOld(services)
  if (Object.values(forgotten).some((count) => count > 0)) services.log.info(forgotten, 'forgotten')
}
