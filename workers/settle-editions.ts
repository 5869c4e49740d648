import { settleEditions } from '../src/delivery/ledger/settle-editions.ts'
import type { Services } from '../src/runtime/services.ts'

/** Job `settle-editions`: marks editions without open deliveries as `sent`. */
export async function settleEditionsJob(services: Services): Promise<void> {
  for (const editionId of await settleEditions(services)) services.log.info({ editionId }, 'edition sent')
}
