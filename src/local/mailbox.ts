import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { SetupError } from '../embedded/setup-error.ts'
import { printError } from '../lib/terminal.ts'
import { describeError } from '../runtime/process.ts'

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
 * A mailbox that breaks later is reported on stderr.
 *
 * @throws SetupError when the port is taken or the package is missing
 */
export async function startMailbox(dataDir: string, ports: MailboxOptions['ports']): Promise<Mailbox> {
  const thread = new Worker(new URL('./mailbox-thread.ts', import.meta.url), {
    workerData: { dataDir, ports } satisfies MailboxOptions,
    resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MB },
  })
  const end = endOf(thread)
  const early = end.then((problem) => {
    throw new SetupError(problem)
  })
  const [message] = (await Promise.race([once(thread, 'message'), early])) as [MailboxMessage]
  if ('problem' in message) throw new SetupError(message.problem)
  let stopping = false
  void end.then((problem) => {
    if (!stopping) printError(`${problem}\nEmails wait. Start Paperboy again.`)
  })
  const stop = async () => {
    stopping = true
    await thread.terminate()
  }
  return { ...message.urls, stop }
}

/** Waits for the end of a thread, and describes it. Without a listener, an error of the thread would end this process. */
const endOf = (thread: Worker): Promise<string> =>
  new Promise((resolve) => {
    thread.on('error', (error) => resolve(`The mailbox broke: ${describeError(error)}`))
    thread.on('exit', (code) => resolve(`The mailbox ended with code ${code}.`))
  })
