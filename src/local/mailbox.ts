import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { SetupError } from '../embedded/setup-error.ts'

export interface MailboxUrls {
  smtpUrl: string
  webUrl: string
}

export interface Mailbox extends MailboxUrls {
  stop(): Promise<void>
}

export interface MailboxOptions {
  dataDir: string
  /** 0 for a free one */
  ports: { web: number; smtp: number }
}

/** The only message of its thread. */
export type MailboxMessage = { urls: MailboxUrls } | { problem: string }

/** The thread's new objects get little room: its memory matters more than its speed. */
const YOUNG_MB = 4

/**
 * Starts the local mailbox, which replaces a relay: it accepts every message over SMTP and shows it on a web page. It has a thread of
 * its own: loading it takes most of a second, and it cleans the HTML of each email in a simulated browser. Pages wait for neither.
 *
 * @throws SetupError when the port is taken or the package is missing
 */
export async function startMailbox(dataDir: string, ports: MailboxOptions['ports']): Promise<Mailbox> {
  const thread = new Worker(new URL('./mailbox-thread.ts', import.meta.url), {
    workerData: { dataDir, ports } satisfies MailboxOptions,
    resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MB },
  })
  const [message] = (await once(thread, 'message')) as [MailboxMessage]
  if ('problem' in message) throw new SetupError(message.problem)
  return { ...message.urls, stop: async () => void (await thread.terminate()) }
}
