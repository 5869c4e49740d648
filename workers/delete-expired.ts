import { dropOldDeliveries } from '../src/delivery/ledger/drop-old-deliveries.ts'
import { deleteOldInbound } from '../src/inbound/retention.ts'
import { deleteOldAuditEntries } from '../src/operate/audit.ts'
import { deleteOldRequests } from '../src/operate/idempotent-requests.ts'
import { deleteOldMessages } from '../src/operate/webhooks/messages.ts'
import { deleteOldPolls } from '../src/papers/ingest/polls.ts'
import { deleteExpired } from '../src/privacy/delete-expired.ts'
import type { Services } from '../src/runtime/services.ts'
import { composeKeys } from '../src/subscription/compose-keys.ts'
import { deleteIdleBuckets } from '../src/subscription/delete-domain-data.ts'
import { deleteOldUploads } from '../src/subscription/uploaded-imports.ts'

/** Job `delete-expired`: deletes data past its retention period, and ends what earlier versions left behind. */
export async function deleteExpiredJob(services: Services): Promise<void> {
  const partitions = await dropOldDeliveries(services)
  if (partitions.length > 0) services.log.info({ partitions }, 'old deliveries dropped')
  await deleteOldInbound(services)
  await deleteOldAuditEntries(services)
  await deleteOldRequests(services)
  await deleteOldMessages(services)
  await deleteIdleBuckets(services.db)
  await deleteOldPolls(services)
  await deleteOldUploads(services)
  const keys = await composeKeys(services)
  if (keys.composed + keys.ended > 0) services.log.info(keys, 'address keys composed')
  const deleted = await deleteExpired(services)
  if (Object.values(deleted).some((count) => count > 0)) services.log.info(deleted, 'old data deleted')
}
