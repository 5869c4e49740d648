import { dropOldDeliveries } from '../src/delivery/ledger/drop-old-deliveries.ts'
import { forgetOldInbound } from '../src/inbound/retention.ts'
import { deleteOldAuditEntries } from '../src/operate/audit.ts'
import { forgetOld } from '../src/privacy/forget.ts'
import type { Services } from '../src/runtime/services.ts'
import { forgetIdleBuckets } from '../src/subscription/forget-domain.ts'

/** Job `forget-old`: deletes data past its retention period. */
export async function forgetOldJob(services: Services): Promise<void> {
  const partitions = await dropOldDeliveries(services)
  if (partitions.length > 0) services.log.info({ partitions }, 'old deliveries dropped')
  await forgetOldInbound(services)
  await deleteOldAuditEntries(services)
  await forgetIdleBuckets(services.db)
  const forgotten = await forgetOld(services)
  if (Object.values(forgotten).some((count) => count > 0)) services.log.info(forgotten, 'old data deleted')
}
