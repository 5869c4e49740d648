import { describeImapError, recordIntakeFailure, recordIntakeWorks } from '../src/inbound/intake-health.ts'
import type { Services } from '../src/runtime/services.ts'

/** Job `read-mailbox`: processes new messages in the mailbox at INBOUND_IMAP_URL. The next tick retries a failure, and operators see it. */
export async function readMailboxJob(services: Services): Promise<void> {
  const { config, db, log, now } = services
  if (!config.INBOUND_IMAP_URL) return
  // Imported on demand: the IMAP client and parser take 20 MB.
  const { readMailbox } = await import('../src/inbound/read-mailbox.ts')
  try {
    await readMailbox(services, config.INBOUND_IMAP_URL)
    await recordIntakeWorks(db, 'mailbox')
  } catch (error) {
    log.warn({ err: error }, 'inbound mailbox could not be read; retrying at the next tick')
    await recordIntakeFailure(db, 'mailbox', now(), describeImapError(error))
  }
}
