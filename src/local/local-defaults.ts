import { readFile, rm, writeFile } from 'node:fs/promises'
import { isIPv6 } from 'node:net'
import { join, resolve } from 'node:path'
import { openDataDir } from '../embedded/data-dir.ts'
import { choosePort } from '../embedded/port.ts'
import { startEmbeddedPostgres } from '../embedded/postgres.ts'
import type { Config, Environment } from '../runtime/config/config.ts'
import { isComplete } from '../runtime/config/config.ts'
import { type MailboxUrls, startMailbox } from './mailbox.ts'
import { loadLocalSecrets } from './secrets.ts'

export interface CompleteConfig {
  config: Config
  mailbox: MailboxUrls | undefined
  /** Starts the mailbox, when the caller asked for that `later`. */
  openMailbox: () => Promise<void>
  /** sentences for the banner */
  notes: string[]
}

/** For commands that send no email. Nothing listens there. */
const NO_RELAY = 'smtp://127.0.0.1:0'

/** May sign in under /admin if every message goes to the local mailbox. */
const LOCAL_ADMIN = 'curator@localhost.localdomain'

/** The running service writes this file, so that commands find its mailbox. */
const mailboxFile = (dataDir: string): string => join(dataDir, 'mailbox.json')

/** Listening there, a service is reached as localhost. */
const LOCALHOST = ['localhost', '127.0.0.1', '::1', '0.0.0.0', '::']

/** Where a browser on this machine finds the pages. */
export const localOrigin = ({ HOST, PORT }: Pick<Environment, 'HOST' | 'PORT'>): string =>
  `http://${LOCALHOST.includes(HOST) ? 'localhost' : isIPv6(HOST) ? `[${HOST}]` : HOST}:${PORT}`

/**
 * Completes the environment on a local machine: database, mailbox, secrets, addresses. It puts everything it starts on the stack.
 *
 * @param options.mailbox `own` for the service: a mailbox on the configured port, which commands can find; `later` is one that the
 *   caller starts itself. `shared` for a command that sends: the service's mailbox if it runs, otherwise one until the command ends.
 *   `none` for other commands
 * @param options.whileWaiting is called when the database starts in its own process, so that the caller can use the time
 */
export async function fillLocalDefaults(
  environment: Environment,
  stack: AsyncDisposableStack,
  {
    mailbox: wanted,
    ...progress
  }: { mailbox: 'own' | 'later' | 'shared' | 'none'; print?: (line: string) => void; whileWaiting?: () => void },
): Promise<CompleteConfig> {
  const dataDir = resolve(environment.DATA_DIR)
  const notes: string[] = []
  const completed: Environment = { ...environment }
  let ports: { web: number; smtp: number } | undefined
  if (!isComplete(environment)) await openDataDir(dataDir)
  if (!completed.DATABASE_URL) {
    const postgres = stack.adopt(await startEmbeddedPostgres({ dataDir, ...progress }), (p) => p.stop())
    completed.DATABASE_URL = postgres.url
    notes.push(...postgres.notes)
  }
  if (!completed.SMTP_URL && wanted !== 'none') {
    const running = wanted === 'shared' ? await findRunningMailbox(dataDir) : undefined
    if (!running) {
      const web = (wanted === 'shared' ? 0 : completed.MAILBOX_PORT) || (await choosePort(undefined))
      ports = { web, smtp: await choosePort(undefined) }
    }
    completed.SMTP_URL = running ?? smtpUrlOf(ports!)
  }
  // The sign-in link goes to the mailbox, which every user of this machine can open.
  if (!environment.SMTP_URL && completed.ADMIN_EMAILS.length === 0) completed.ADMIN_EMAILS = [LOCAL_ADMIN]
  completed.SMTP_URL ??= NO_RELAY
  if (!completed.SECRET_KEY || !completed.SUPPRESSION_KEY) {
    const made = await loadLocalSecrets(dataDir)
    completed.SECRET_KEY ??= made.SECRET_KEY
    completed.SUPPRESSION_KEY ??= made.SUPPRESSION_KEY
  }
  completed.PUBLIC_URL ??= localOrigin(completed)
  const { name, slug } = environment.newsletter
  completed.MAIL_FROM ??= { name, address: `${slug}@localhost.localdomain` }
  completed.POSTAL_ADDRESS ??= ''
  const openMailbox = async () => {
    if (!ports) return
    const { smtpUrl } = stack.adopt(await startMailbox(dataDir, ports), (m) => m.stop())
    if (wanted === 'shared') return
    await writeFile(mailboxFile(dataDir), JSON.stringify({ pid: process.pid, smtpUrl }), { mode: 0o600 })
    stack.defer(() => rm(mailboxFile(dataDir), { force: true }))
  }
  if (wanted !== 'later') await openMailbox()
  const mailbox = ports && { smtpUrl: smtpUrlOf(ports), webUrl: `http://127.0.0.1:${ports.web}` }
  return { config: completed as Config, mailbox, openMailbox, notes }
}

const smtpUrlOf = ({ smtp }: { smtp: number }): string => `smtp://127.0.0.1:${smtp}`

/** Returns the SMTP URL of the running service's mailbox. A killed service leaves a stale file, so it checks the process. */
async function findRunningMailbox(dataDir: string): Promise<string | undefined> {
  const text = await readFile(mailboxFile(dataDir), 'utf8').catch(() => undefined)
  if (text === undefined) return undefined
  const { pid, smtpUrl } = JSON.parse(text) as { pid: number; smtpUrl: string }
  try {
    process.kill(pid, 0)
    return smtpUrl
  } catch (error) {
    return (error as { code?: string }).code === 'EPERM' ? smtpUrl : undefined
  }
}
