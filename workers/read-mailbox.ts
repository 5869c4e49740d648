import { BY_OPERATOR, haltIfRestored, whyHalted } from '../src/delivery/ledger/restore-guard.ts'
import { describeImapError, recordIntakeFailure, recordIntakeWorks } from '../src/inbound/intake-health.ts'
import type { Services } from '../src/runtime/services.ts'

/**
 * Job `read-mailbox`: processes new messages in the mailbox at INBOUND_IMAP_URL. The next tick retries a failure, and operators see it.
 * A database that looks restored reads nothing: a copy would mark and move the reports of the original, which then never acts on them.
 */
export async function readMailboxJob(services: Services): Promise<void> {
  const { config, db, log, now } = services
  if (!config.INBOUND_IMAP_URL) return
  await haltIfRestored(services)
  const halted = await whyHalted(db)
  if (halted && halted.why !== BY_OPERATOR) return
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
