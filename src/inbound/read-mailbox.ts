import { ImapFlow } from 'imapflow'
import { hostOf } from '../runtime/config/fields.ts'
import type { Services } from '../runtime/services.ts'
import { receiveMail } from './receive.ts'

type Deps = Pick<Services, 'db' | 'config' | 'keys' | 'now' | 'log'>

/** Marks messages that Paperboy has read, without changing what people see as read: they may share the mailbox. */
const KEYWORD = 'PaperboyRead'
const MAX_PER_RUN = 500
const MAX_BYTES = 1024 * 1024
const TIMEOUT_MS = 20_000

/**
 * Reads new messages in the mailbox at INBOUND_IMAP_URL and marks them. Those for people stay, the others move to the folder in
 * `?done=`.
 * Each run opens a new connection, so a server failure costs one run. A message read but not marked is read again,
 * which changes nothing. One that cannot be recorded does not hold up the others.
 *
 * @returns the number of messages read
 * @throws imapflow's error when the mailbox cannot be reached; the first error of a message, after the others are read
 */
export async function readMailbox(deps: Deps, url: string): Promise<number> {
  const { client, folder, done } = clientFor(url)
  // Without a listener, an error between two commands would end the process. The running command also throws it.
  client.on('error', (error) => deps.log.info({ err: error }, 'inbound mailbox: connection error'))
  await client.connect()
  try {
    const mailbox = await client.mailboxOpen(folder)
    const keywords = mailbox.permanentFlags?.has('\\*') || mailbox.permanentFlags?.has(KEYWORD)
    const fresh = await client.search(keywords ? { unKeyword: KEYWORD } : { seen: false }, { uid: true })
    const uids = (fresh || []).slice(0, MAX_PER_RUN)
    let failure: unknown
    for (const uid of uids)
      await readOne(deps, client, uid, { flag: keywords ? KEYWORD : '\\Seen', done }).catch((error) => {
        failure ??= error
        if (!client.usable) throw failure
      })
    await client.logout()
    if (failure !== undefined) throw failure
    return uids.length
  } finally {
    client.close()
  }
}

/** Logs in to the mailbox and opens its folder. Changes nothing. @throws imapflow's error */
export async function tryMailbox(url: string): Promise<void> {
  const { client, folder } = clientFor(url)
  client.on('error', () => {})
  await client.connect()
  try {
    await client.mailboxOpen(folder, { readOnly: true })
    await client.logout()
  } finally {
    client.close()
  }
}

async function readOne(deps: Deps, client: ImapFlow, uid: number, to: { flag: string; done: string | undefined }) {
  const message = await client.fetchOne(String(uid), { source: { start: 0, maxLength: MAX_BYTES } }, { uid: true })
  const raw = message ? message.source : undefined
  // Another client removed it.
  if (!raw) return
  const {
    class: kind,
    reason,
    authority,
    action,
    repeated,
    forPeople,
  } = await receiveMail(deps, raw, { source: 'imap' })
  deps.log.info({ class: kind, reason, authority, action, repeated }, 'inbound email')
  // Mark before moving: if the move fails, the message stays marked.
  // As seen, a letter would look as if a person had read it.
  const flags = forPeople && to.flag === '\\Seen' ? [to.flag, '\\Flagged'] : [to.flag]
  await client.messageFlagsAdd(String(uid), flags, { uid: true })
  if (to.done && !forPeople) await client.messageMove(String(uid), to.done, { uid: true })
}

/** `imaps://user:password@host/Folder?done=Folder`; the folder is INBOX by default. */
function clientFor(address: string) {
  const url = new URL(address)
  const secure = url.protocol === 'imaps:'
  const client = new ImapFlow({
    host: hostOf(url),
    port: Number(url.port) || (secure ? 993 : 143),
    secure,
    auth: { user: decodeURIComponent(url.username), pass: decodeURIComponent(url.password) },
    logger: false,
    disableAutoIdle: true,
    connectionTimeout: TIMEOUT_MS,
    greetingTimeout: TIMEOUT_MS,
    socketTimeout: TIMEOUT_MS,
  })
  return {
    client,
    folder: decodeURIComponent(url.pathname.slice(1)) || 'INBOX',
    done: url.searchParams.get('done') ?? undefined,
  }
}
