import { describeImapError } from '../../inbound/intake-health.ts'
import { type Diagnosis, failure, ok } from './diagnosis.ts'

/** Checks that the mailbox at INBOUND_IMAP_URL can be read. */
export async function checkMailbox(url: string | undefined): Promise<Diagnosis[]> {
  if (url === undefined) return []
  try {
    // Loaded on demand: few installations read a mailbox.
    const { tryMailbox } = await import('../../inbound/read-mailbox.ts')
    await tryMailbox(url)
    return [ok('Inbound', 'login to the mailbox works')]
  } catch (error) {
    const message = `the mailbox cannot be read: ${describeImapError(error)}`
    return [failure('Inbound', message, 'check INBOUND_IMAP_URL: host, port, login and folder')]
  }
}
