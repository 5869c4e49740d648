import { BlockList, isIPv6 } from 'node:net'
import { sql } from 'drizzle-orm'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Services } from '../../runtime/services.ts'

/** Private networks (RFC 1918, 6598, 4193, 4291). A peer there is the operator's proxy, not a reader. */
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

/** At most one log line and update in this time. */
const NOTE_EVERY_MS = 10 * 60_000

/**
 * Returns the address of a private peer whose X-Forwarded-For is not trusted: a proxy that TRUST_PROXY does not name. A public
 * peer can send that header too, which means nothing.
 */
function findUntrustedProxy({
  headers,
  socket,
  ips,
}: Pick<FastifyRequest, 'headers' | 'socket' | 'ips'>): string | undefined {
  const peer = socket.remoteAddress
  if (headers['x-forwarded-for'] === undefined || peer === undefined) return undefined
  // More than one address means that the peer is trusted.
  if (ips !== undefined && ips.length > 1) return undefined
  return PRIVATE.check(peer, isIPv6(peer) ? 'ipv6' : 'ipv4') ? peer.replace(/^::ffff:/, '') : undefined
}

/** In production, logs such a proxy and stores it for the operator's alerts. */
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
    // Not awaited: the response must not wait for it.
    db.execute(sql`UPDATE mailing SET untrusted_proxy = ${proxy}, untrusted_proxy_at = ${now()}`).catch(() => {})
  })
}
