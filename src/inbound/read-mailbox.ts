import { ImapFlow } from 'imapflow'
import type { Services } from '../runtime/services.ts'
import { receiveMail } from './receive.ts'

type Deps = Pick<Services, 'db' | 'config' | 'keys' | 'now' | 'log'>

/** Marks what was read, for us and for nobody else: people may share the mailbox. */
const KEYWORD = 'PaperboyRead'
const MOST_A_VISIT = 500
const MOST_BYTES = 1024 * 1024
const PATIENCE_MS = 20_000

/**
 * Reads what is new in the mailbox at INBOUND_IMAP_URL and marks it; what was understood is moved to the folder that `?done=`
 * names. What is no report and proves nothing stays where it is, for people. Every visit connects anew, so that a server that hung up, was
 * down or changed its mind costs one visit; a mail that was read and not marked is read again, which changes nothing.
 *
 * @returns how many were read
 * @throws imapflow's error when the mailbox cannot be reached
 */
export async function readMailbox(deps: Deps, url: string): Promise<number> {
  const { client, folder, done } = clientFor(url)
  // Without a listener an error between two commands would end the process; the command under way is told of it too.
  client.on('error', (error) => deps.log.info({ err: error }, 'inbound mailbox: connection trouble'))
  await client.connect()
  try {
    const mailbox = await client.mailboxOpen(folder)
    const keywords = mailbox.permanentFlags?.has('\\*') || mailbox.permanentFlags?.has(KEYWORD)
    const fresh = await client.search(keywords ? { unKeyword: KEYWORD } : { seen: false }, { uid: true })
    const uids = (fresh || []).slice(0, MOST_A_VISIT)
    for (const uid of uids) await readOne(deps, client, uid, { flag: keywords ? KEYWORD : '\\Seen', done })
    await client.logout()
    return uids.length
  } finally {
    client.close()
  }
}

async function readOne(deps: Deps, client: ImapFlow, uid: number, to: { flag: string; done: string | undefined }) {
  const message = await client.fetchOne(String(uid), { source: { start: 0, maxLength: MOST_BYTES } }, { uid: true })
  const raw = message ? message.source : undefined
  // Somebody else took it meanwhile.
  if (!raw) return
  const { class: kind, reason, authority, did, repeated } = await receiveMail(deps, raw, { source: 'imap' })
  deps.log.info({ class: kind, reason, authority, did, repeated }, 'inbound mail')
  // Marked before it is moved: a move that fails leaves it read.
  await client.messageFlagsAdd(String(uid), [to.flag], { uid: true })
  if (to.done && (kind !== 'ignore' || authority)) await client.messageMove(String(uid), to.done, { uid: true })
}

/** `imaps://user:password@host/Folder?done=Folder`; the folder is INBOX unless named. */
function clientFor(address: string) {
  const url = new URL(address)
  const secure = url.protocol === 'imaps:'
  const client = new ImapFlow({
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: Number(url.port) || (secure ? 993 : 143),
    secure,
    auth: { user: decodeURIComponent(url.username), pass: decodeURIComponent(url.password) },
    logger: false,
    disableAutoIdle: true,
    connectionTimeout: PATIENCE_MS,
    greetingTimeout: PATIENCE_MS,
    socketTimeout: PATIENCE_MS,
  })
  return {
    client,
    folder: decodeURIComponent(url.pathname.slice(1)) || 'INBOX',
    done: url.searchParams.get('done') ?? undefined,
  }
}
