import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { isFree } from '../embedded/port.ts'
import { codeOf, SetupError } from '../embedded/setup-error.ts'
import { answerSameOriginOnly } from './same-origin-only.ts'

export interface Mailbox {
  smtpUrl: string
  webUrl: string
  stop(): Promise<void>
}

/** As many mails as one would look through; older ones are dropped. */
const MOST_MAILS = 500

/**
 * The mailbox that stands in for the world where no relay is given: takes every mail over SMTP and shows it on a web page. Loaded
 * only when used; not part of the production image.
 *
 * @param webPort 0 for a free one
 * @throws SetupError when the port is taken or the package is missing
 */
export async function startMailbox({ dataDir, webPort }: { dataDir: string; webPort: number }): Promise<Mailbox> {
  // Asked first, since a mailbox whose page cannot be opened would leave its SMTP server running.
  if (webPort !== 0 && !(await isFree(webPort))) throw portTaken(webPort)
  const { MailDev } = await import('maildev').catch(missing)
  const mailDirectory = join(dataDir, 'mailbox')
  await mkdir(mailDirectory, { recursive: true })
  const local = { ip: '127.0.0.1', webIp: '127.0.0.1', smtp: 0, web: webPort, silent: true }
  const maildev = new MailDev({ ...local, mailDirectory, maxEmails: MOST_MAILS })
  const { smtp, api } = await quietly(() => maildev.start())
  if (api) answerSameOriginOnly(api.server.server)
  const web = api?.getAddress()
  return {
    smtpUrl: `smtp://127.0.0.1:${smtp.getAddress().port}`,
    webUrl: `http://127.0.0.1:${web?.port ?? webPort}`,
    stop: () => maildev.stop(),
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
    `Port ${port}, for the mailbox's page, is taken by another program. Stop it, or choose another with MAILBOX_PORT.`,
  )

/** maildev announces its page on standard output, whatever it is told; a command's output there is its result. */
async function quietly<T>(start: () => Promise<T>): Promise<T> {
  const { info } = console
  console.info = () => {}
  return start().finally(() => {
    console.info = info
  })
}
