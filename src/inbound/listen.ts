import { SMTPServer, type SMTPServerDataStream } from 'smtp-server'
import { isOwnAddress } from '../mail/own-addresses.ts'
import type { Services } from '../runtime/services.ts'
import { limitPeers, type PeerLimits } from './limit-peers.ts'
import { readByProgram } from './read-by-program.ts'
import { type ReceivedMail, receiveMail } from './receive.ts'

type Deps = Pick<Services, 'db' | 'config' | 'keys' | 'now' | 'log'>

export interface Listener {
  port: number
  close(): Promise<void>
}

/** A report that returns a whole digest stays far below this. */
const MAX_BYTES = 1024 * 1024
const MAX_RECIPIENTS = 5
/** Socket timeout. */
const SOCKET_TIMEOUT_MS = 30_000
/** Each connection may hold one message in memory. A relay needs one or two, for seconds. */
const LIMITS: PeerLimits = { clients: 40, perPeer: 5, longestMs: 5 * 60_000, idleMs: 60_000 }

/**
 * Starts an SMTP server for bounces and requests. It accepts only addresses of ours and sends nothing: no relaying,
 * no bounce of a bounce. It has no mailbox, so what a person should read is refused: their mail server tells them.
 * A message it cannot record gets 451, so that the sending server retries.
 *
 * @param where.limits for tests
 * @throws the system's error when the port is taken
 */
export function listen(
  deps: Deps,
  { host, port, limits }: { host: string; port: number; limits?: Partial<PeerLimits> },
): Promise<Listener> {
  const all = { ...LIMITS, ...limits }
  const peers = limitPeers(all)
  const server = new SMTPServer({
    name: new URL(deps.config.PUBLIC_URL).hostname,
    banner: 'for bounces of our own email only',
    // No authentication here. STARTTLS without a certificate of ours would use a generated one.
    disabledCommands: ['AUTH', 'STARTTLS'],
    disableReverseLookup: true,
    size: MAX_BYTES,
    // Above our own limit, which closes idle connections instead of refusing new ones.
    maxClients: 2 * all.clients,
    socketTimeout: SOCKET_TIMEOUT_MS,
    closeTimeout: 2_000,
    onConnect(session, done) {
      done(peers.isCrowded(session) ? refusal(421, '4.7.0 too many connections from your network') : null)
    },
    onRcptTo({ address }, session, done) {
      if (session.envelope.rcptTo.length >= MAX_RECIPIENTS) return done(refusal(452, '4.5.3 too many recipients'))
      done(isOwnAddress(deps, address) ? null : refusal(550, '5.1.1 this address is not accepted here'))
    },
    onData(stream, session, done) {
      const envelopeTo = session.envelope.rcptTo.map(({ address }) => address)
      peers.begin(session)
      const { mailFrom } = session.envelope
      const isReport = !mailFrom || mailFrom.address === ''
      const reading = readMessage(deps, stream, envelopeTo).finally(() => peers.done(session))
      reading.then(
        (read) => {
          if (read === 'too large') done(refusal(552, '5.3.4 message too large'))
          else done(read.forPeople && !isReport ? refusal(550, readByProgram(deps)) : null)
        },
        (error) => {
          deps.log.error({ err: error }, 'inbound email not recorded; the sending server retries')
          done(refusal(451, '4.3.0 could not be recorded, try again'))
        },
      )
    },
  })
  server.server.prependListener('connection', peers.watch)
  server.on('error', (error) => deps.log.info({ err: error }, 'inbound connection error'))
  return new Promise((resolve, reject) => {
    server.server.once('error', reject)
    server.listen(port, host, () => {
      server.server.off('error', reject)
      const bound = server.server.address()
      resolve({
        port: typeof bound === 'object' && bound ? bound.port : port,
        close: () => new Promise((closed) => server.close(() => closed())),
      })
    })
  })
}

/** @returns 'too large' when it was; nothing is stored then */
async function readMessage(
  deps: Deps,
  stream: SMTPServerDataStream,
  envelopeTo: string[],
): Promise<ReceivedMail | 'too large'> {
  const chunks: Buffer[] = []
  let bytes = 0
  // Read to the end even when too large: the reply comes after it.
  for await (const chunk of stream) {
    bytes += chunk.length
    if (bytes <= MAX_BYTES) chunks.push(chunk)
  }
  if (bytes > MAX_BYTES) return 'too large'
  const received = await receiveMail(deps, Buffer.concat(chunks), { source: 'smtp', envelopeTo })
  const { class: kind, reason, authority, action, repeated } = received
  deps.log.info({ class: kind, reason, authority, action, repeated }, 'inbound email')
  return received
}

const refusal = (responseCode: number, message: string): Error => Object.assign(new Error(message), { responseCode })
