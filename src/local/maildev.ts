import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { isFree } from '../embedded/port.ts'
import { codeOf, SetupError } from '../embedded/setup-error.ts'
import type { MailboxOptions, MailboxUrls } from './mailbox.ts'
import { allowOnlySameOrigin } from './same-origin-only.ts'

/** The mailbox drops older messages beyond this number. */
const MAX_EMAILS = 500

/**
 * Opens the mailbox's SMTP server and page. maildev is loaded only here; the production image does not contain it.
 *
 * @throws SetupError when the port is taken or the package is missing
 */
export async function openMaildev(
  dataDir: string,
  { web: webPort, smtp: smtpPort }: MailboxOptions['ports'],
): Promise<MailboxUrls> {
  // Check first: if the page fails to open, maildev leaves its SMTP server running.
  if (webPort !== 0 && !(await isFree(webPort))) throw portTaken(webPort)
  const { MailDev } = await import('maildev').catch(missing)
  const mailDirectory = join(dataDir, 'mailbox')
  await mkdir(mailDirectory, { recursive: true })
  const local = { ip: '127.0.0.1', webIp: '127.0.0.1', smtp: smtpPort, web: webPort, silent: true }
  const maildev = new MailDev({ ...local, mailDirectory, maxEmails: MAX_EMAILS })
  const { smtp, api } = await quietly(() => maildev.start())
  if (api) allowOnlySameOrigin(api.server.server)
  const web = api?.getAddress()
  return {
    smtpUrl: `smtp://127.0.0.1:${smtp.getAddress().port}`,
    webUrl: `http://127.0.0.1:${web?.port ?? webPort}`,
  }
}

function missing(error: unknown): never {
  if (codeOf(error) !== 'ERR_MODULE_NOT_FOUND') throw error
  throw new SetupError(
    'The mailbox, the npm package maildev, is not installed. Run "npm ci" with optional packages, or set SMTP_URL to a relay.',
    { cause: error },
  )
}

const portTaken = (port: number): SetupError =>
  new SetupError(
    `Port ${port}, for the mailbox's page, is in use by another program. Stop it, or choose another with MAILBOX_PORT.`,
  )

/** Silences maildev, which prints its URL to stdout even with `silent`. A command's stdout is its result. */
async function quietly<T>(start: () => Promise<T>): Promise<T> {
  const { info } = console
  console.info = () => {}
  return start().finally(() => {
    console.info = info
  })
}
