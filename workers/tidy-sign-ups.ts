import type { Services } from '../src/runtime/services.ts'
import { deleteOldCounts } from '../src/subscription/signup-protection/counts.ts'
import { deleteUnconfirmed, remindUnconfirmed } from '../src/subscription/unconfirmed.ts'

/** Job `tidy-sign-ups`: sends unconfirmed readers one reminder, later deletes them, and deletes old counts. */
export async function tidySignUpsJob(services: Services): Promise<void> {
  const { db, log, now } = services
  const reminded = await remindUnconfirmed(services)
  const forgotten = await deleteUnconfirmed(services)
  await deleteOldCounts(db, now())
  if (reminded + forgotten > 0) log.info({ reminded, forgotten }, 'unconfirmed sign-ups')
}
