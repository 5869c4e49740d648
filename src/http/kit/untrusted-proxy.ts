import { BlockList, isIPv6 } from 'node:net'
import { sql } from 'drizzle-orm'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Services } from '../../runtime/services.ts'

/** Networks that no reader comes from directly (RFC 1918, 6598, 4193, 4291): a peer there is a proxy of the operator's. */
const PRIVATE = new BlockList()
for (const [network, bits] of [
  ['10.0.0.0', 8],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
  ['127.0.0.0', 8],
  ['100.64.0.0', 10],
  ['169.254.0.0', 16],
] as const)
  PRIVATE.addSubnet(network, bits)
for (const [network, bits] of [
  ['::1', 128],
  ['fc00::', 7],
  ['fe80::', 10],
] as const)
  PRIVATE.addSubnet(network, bits, 'ipv6')

/** One note in this time is enough, however many requests come. */
const NOTE_EVERY_MS = 10 * 60_000

/**
 * The proxy that a request came by, where its X-Forwarded-For is not believed though it stands in a private network. A stranger
 * from outside may send that header as well; it says nothing then.
 */
export function findUntrustedProxy({
  headers,
  socket,
  ips,
}: Pick<FastifyRequest, 'headers' | 'socket' | 'ips'>): string | undefined {
  const peer = socket.remoteAddress
  if (headers['x-forwarded-for'] === undefined || peer === undefined) return undefined
  // With TRUST_PROXY the list has the peer and, behind a trusted one, whom it names.
  if (ips !== undefined && ips.length > 1) return undefined
  return PRIVATE.check(peer, isIPv6(peer) ? 'ipv6' : 'ipv4') ? peer.replace(/^::ffff:/, '') : undefined
}

/** In production, notes such a proxy for the operator, and says so in the log. */
export function detectUntrustedProxy(
  app: Pick<FastifyInstance, 'addHook'>,
  { config, db, log, now }: Pick<Services, 'config' | 'db' | 'log' | 'now'>,
): void {
  if (config.NODE_ENV !== 'production') return
  let quietUntil = Number.NEGATIVE_INFINITY
  app.addHook('onRequest', async (request) => {
    if (performance.now() < quietUntil) return
    const proxy = findUntrustedProxy(request)
    if (proxy === undefined) return
    quietUntil = performance.now() + NOTE_EVERY_MS
    log.warn({ proxy }, 'a proxy that TRUST_PROXY does not name: all its readers count as one network. Set TRUST_PROXY')
    // The answer does not wait for it.
    db.execute(sql`UPDATE mailing SET untrusted_proxy = ${proxy}, untrusted_proxy_at = ${now()}`).catch(() => {})
  })
}
