import { sql } from 'drizzle-orm'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { canonicalAddress, networkMatcher } from '../../lib/network.ts'
import type { Services } from '../../runtime/services.ts'

/** Private networks (RFC 1918, 6598, 4193, 4291). A peer there is the operator's proxy, not a reader. */
const isPrivate = networkMatcher(['loopback', 'linklocal', 'uniquelocal', '100.64.0.0/10'])

/** At most one log line and update in this time. */
const NOTE_EVERY_MS = 10 * 60_000

/**
 * Returns the private address that a request counts for, if X-Forwarded-For names others before it: a proxy that TRUST_PROXY does not
 * name. A public peer can send that header too, which means nothing.
 */
function findUntrustedProxy({
  headers,
  ip,
  ips = [ip],
}: Pick<FastifyRequest, 'headers' | 'ip' | 'ips'>): string | undefined {
  const forwardedFor = String(headers['x-forwarded-for'] ?? '')
  // `ips` has the peer, then the entries that trusted proxies wrote, the last first.
  const isFirst = forwardedFor.split(',').filter((entry) => entry.trim()).length < ips.length
  // A connection that was reset has no address.
  if (isFirst || !ip) return undefined
  return isPrivate(ip) ? canonicalAddress(ip) : undefined
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
