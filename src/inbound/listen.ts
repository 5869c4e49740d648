import { SMTPServer, type SMTPServerDataStream } from 'smtp-server'
import { isOwnAddress } from '../mail/own-addresses.ts'
import type { Services } from '../runtime/services.ts'
import { limitPeers, type PeerLimits } from './limit-peers.ts'
import { receiveMail } from './receive.ts'

type Deps = Pick<Services, 'db' | 'config' | 'keys' | 'now' | 'log'>

export interface Listener {
  port: number
  close(): Promise<void>
}

/** A report with a whole digest returned in it stays far below this. */
const MOST_BYTES = 1024 * 1024
const MOST_RECIPIENTS = 5
/** Silence on a connection ends it after this long. */
const PATIENCE_MS = 30_000
/** Each connection may hold one message in memory; a relay needs one or two, and a message takes it seconds. */
const LIMITS: PeerLimits = { clients: 40, perPeer: 5, longestMs: 5 * 60_000, idleMs: 60_000 }

/**
 * A small SMTP server for what comes back. It takes mail for addresses of ours alone and never sends any: no relay, no bounce of a
 * bounce. Mail that could not be recorded is refused for now (451), so that its server keeps it and tries again.
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
    banner: 'for reports about our own mail only',
    // Nobody signs in here, and without a certificate of ours STARTTLS would be offered with a made-up one.
    disabledCommands: ['AUTH', 'STARTTLS'],
    disableReverseLookup: true,
    size: MOST_BYTES,
    // Above ours, which make room instead of refusing.
    maxClients: 2 * all.clients,
    socketTimeout: PATIENCE_MS,
    closeTimeout: 2_000,
    onConnect(session, done) {
      done(peers.isCrowded(session) ? refusal(421, '4.7.0 too many connections from your network') : null)
    },
    onRcptTo({ address }, session, done) {
      if (session.envelope.rcptTo.length >= MOST_RECIPIENTS) return done(refusal(452, '4.5.3 too many recipients'))
      done(isOwnAddress(deps, address) ? null : refusal(550, '5.1.1 no mail is taken for this address here'))
    },
    onData(stream, session, done) {
      const envelopeTo = session.envelope.rcptTo.map(({ address }) => address)
      peers.begin(session)
      const taking = readMessage(deps, stream, envelopeTo).finally(() => peers.done(session))
      taking.then(
        (taken) => done(taken ? null : refusal(552, '5.3.4 larger than this server takes')),
        (error) => {
          deps.log.error({ err: error }, 'an inbound mail could not be recorded; its server tries again')
          done(refusal(451, '4.3.0 could not be recorded, try again'))
        },
      )
    },
  })
  server.server.prependListener('connection', peers.watch)
  server.on('error', (error) => deps.log.info({ err: error }, 'inbound connection trouble'))
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

/** @returns false when it was too large, with nothing of it kept */
async function readMessage(deps: Deps, stream: SMTPServerDataStream, envelopeTo: string[]): Promise<boolean> {
  const chunks: Buffer[] = []
  let bytes = 0
  // Read to its end even when it is too large: the reply comes after it.
  for await (const chunk of stream) {
    bytes += chunk.length
    if (bytes <= MOST_BYTES) chunks.push(chunk)
  }
  if (bytes > MOST_BYTES) return false
  const {
    class: kind,
    reason,
    authority,
    did,
    repeated,
  } = await receiveMail(deps, Buffer.concat(chunks), {
    source: 'smtp',
    envelopeTo,
  })
  deps.log.info({ class: kind, reason, authority, did, repeated }, 'inbound mail')
  return true
}

const refusal = (responseCode: number, words: string): Error => Object.assign(new Error(words), { responseCode })
