import { readFile, rm, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { openDataDir } from '../embedded/data-dir.ts'
import { startEmbeddedPostgres } from '../embedded/postgres.ts'
import type { Config, Environment } from '../runtime/config/config.ts'
import { isSettled } from '../runtime/config/config.ts'
import { type Mailbox, startMailbox } from './mailbox.ts'
import { localSecrets } from './secrets.ts'

export interface Settled {
  config: Config
  mailbox: Mailbox | undefined
  /** sentences for the banner */
  notes: string[]
}

/** For commands that mail nobody. Nothing answers there, should one of them try. */
const NO_RELAY = 'smtp://127.0.0.1:0'

/** Who may sign in under /admin where every mail ends in the local mailbox. */
export const LOCAL_ADMIN = 'curator@localhost.localdomain'

/** Where the running service tells commands how to reach its mailbox. */
const mailboxFile = (dataDir: string): string => join(dataDir, 'mailbox.json')

/**
 * Supplies what the environment leaves open on one's own machine: database, mailbox, secrets, addresses. What it starts, it puts
 * on the stack.
 *
 * @param options.mailbox `own` for the service: on the configured port, and commands are told of it; `shared` for a command that
 *   mails: the service's if it runs, else one for the command's duration; `none` for a command that does not
 */
export async function settleLocally(
  environment: Environment,
  stack: AsyncDisposableStack,
  { mailbox: wanted, say }: { mailbox: 'own' | 'shared' | 'none'; say?: (line: string) => void },
): Promise<Settled> {
  const dataDir = resolve(environment.DATA_DIR)
  const notes: string[] = []
  const settled: Environment = { ...environment }
  let mailbox: Mailbox | undefined
  if (!isSettled(environment)) await openDataDir(dataDir)
  if (!settled.DATABASE_URL) {
    const postgres = stack.adopt(await startEmbeddedPostgres({ dataDir, ...(say ? { say } : {}) }), (p) => p.stop())
    settled.DATABASE_URL = postgres.url
    notes.push(...postgres.notes)
  }
  if (!settled.SMTP_URL && wanted !== 'none') {
    const theirs = wanted === 'shared' ? await mailboxOfService(dataDir) : undefined
    if (!theirs) {
      const webPort = wanted === 'own' ? settled.MAILBOX_PORT : 0
      mailbox = stack.adopt(await startMailbox({ dataDir, webPort }), (m) => m.stop())
    }
    settled.SMTP_URL = theirs ?? mailbox!.smtpUrl
  }
  // The link comes to the mailbox, which whoever uses this machine can open.
  if (!environment.SMTP_URL && settled.ADMIN_EMAILS.length === 0) settled.ADMIN_EMAILS = [LOCAL_ADMIN]
  settled.SMTP_URL ??= NO_RELAY
  if (!settled.SECRET_KEY || !settled.SUPPRESSION_KEY) {
    const made = await localSecrets(dataDir)
    settled.SECRET_KEY ??= made.SECRET_KEY
    settled.SUPPRESSION_KEY ??= made.SUPPRESSION_KEY
  }
  settled.PUBLIC_URL ??= `http://localhost:${settled.PORT}`
  settled.MAIL_FROM ??= { name: 'Paperboy', address: 'paperboy@localhost.localdomain' }
  settled.POSTAL_ADDRESS ??= ''
  if (wanted === 'own' && mailbox) {
    await writeFile(mailboxFile(dataDir), JSON.stringify({ pid: process.pid, smtpUrl: mailbox.smtpUrl }), {
      mode: 0o600,
    })
    stack.defer(() => rm(mailboxFile(dataDir), { force: true }))
  }
  return { config: settled as Config, mailbox, notes }
}

/** The mailbox of a service that is running now: the file of a killed one names a process that is gone. */
async function mailboxOfService(dataDir: string): Promise<string | undefined> {
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
