import type { Services } from '../src/runtime/services.ts'

/** Job `read-mailbox`: takes in what came to the mailbox at INBOUND_IMAP_URL; a server that is down is asked again at the next tick. */
export async function readMailboxJob(services: Services): Promise<void> {
  const { config, log } = services
  if (!config.INBOUND_IMAP_URL) return
  // Only then: an IMAP client and a parser of mail take 20 MB.
  const { readMailbox } = await import('../src/inbound/read-mailbox.ts')
  await readMailbox(services, config.INBOUND_IMAP_URL).catch((error) =>
    log.warn({ err: error }, 'the inbound mailbox could not be read; the next visit tries again'),
  )
}
