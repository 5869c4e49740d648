import '../runtime/fast-loading.ts'
import { parentPort, workerData } from 'node:worker_threads'
import type { MailboxMessage, MailboxOptions } from './mailbox.ts'

/** The thread of `startMailbox`. */

const { openMaildev } = await import('./maildev.ts')
const { SetupError } = await import('../embedded/setup-error.ts')

const { dataDir, ports } = workerData as MailboxOptions
const message: MailboxMessage = await openMaildev(dataDir, ports).then(
  (urls) => ({ urls }),
  (error) => {
    if (error instanceof SetupError) return { problem: error.message }
    throw error
  },
)
parentPort!.postMessage(message)
