import { whyHalted } from '../src/delivery/ledger/restore-guard.ts'
import { releaseDue } from '../src/edition/draft/release.ts'
import { skipQuietDays } from '../src/edition/draft/skip-quiet-days.ts'
import type { Services } from '../src/runtime/services.ts'

/** Job `release-editions`: skips quiet days, releases due drafts, then starts planning their deliveries. */
export async function releaseEditionsJob(services: Services): Promise<void> {
  if (await whyHalted(services.db)) return
  for (const skipped of await skipQuietDays(services)) services.log.info(skipped, 'edition skipped')
  const released = await releaseDue(services)
  if (released.length === 0) return
  services.log.info({ released }, 'editions released')
  await services.queues.wake('plan-deliveries', {})
}
