import type { OutgoingHttpHeader } from 'node:http'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { LRUCache } from 'lru-cache'
import { memoize } from '../../lib/memoize.ts'
import { encodingOf } from './compress.ts'
import { preferredLocale } from './language.ts'

/** A page is rendered at most once in this time. Its Cache-Control allows a minute, so it is never too old. */
const MAX_AGE_MS = 5_000
const MAX_PAGES = 200

/** Characters. Longer Accept headers come from no browser, and would fill the memory. */
const LONGEST_ACCEPT = 200

interface Page {
  body: Buffer
  /** names and values in turn, as `writeHead` takes them */
  headers: OutgoingHttpHeader[]
  /** milliseconds of `performance.now()` */
  renderedAt: number
  /** a request is rendering the next version */
  isRenewed: boolean
}

/**
 * Caches rendered public pages for five seconds, as they are sent: GET without a cookie, answered 200 with `cache-control: public`. A
 * traffic spike then costs little more than a static file. Cached pages skip all other hooks and repeat the headers those hooks once
 * set. The first request after that renders the page again; until it has, others get the old one, for another five seconds at most.
 *
 * @param app the root app, before any other hook
 * @param maxAgeMs milliseconds; 0 turns the cache off
 * @returns a function that caches the pages of one plugin, after every other hook that changes bodies
 */
export function cachePages(app: FastifyInstance, maxAgeMs: number = MAX_AGE_MS): (part: FastifyInstance) => void {
  // `ttlAutopurge` drops pages that are not requested again: 200 of them take 10 to 20 MB.
  const pages = new LRUCache<string, Page>({ max: MAX_PAGES, ttl: 2 * maxAgeMs, ttlAutopurge: true })
  const accepted = ({ headers }: FastifyRequest) => `${headers['accept-language']}\n${headers['accept-encoding']}`
  // Negotiating takes longer than all else here.
  const variantOf = memoize(accepted, (request: FastifyRequest) => `${preferredLocale(request)} ${encodingOf(request)}`)

  const keyOf = (request: FastifyRequest): string | undefined => {
    if (request.method !== 'GET' || request.headers.cookie !== undefined) return undefined
    return accepted(request).length > LONGEST_ACCEPT ? undefined : `${variantOf(request)} ${request.url}`
  }

  app.addHook('onRequest', (request, reply, done) => {
    const key = pages.size === 0 ? undefined : keyOf(request)
    const page = key === undefined ? undefined : pages.get(key)
    if (page === undefined) return done()
    const age = performance.now() - page.renderedAt
    if (age > maxAgeMs && !(page.isRenewed && age < 2 * maxAgeMs)) {
      page.isRenewed = true
      return done()
    }
    reply.hijack()
    reply.raw.writeHead(200, page.headers).end(page.body)
  })

  return (part) =>
    part.addHook('onSend', async (request, reply, body) => {
      const headers = reply.getHeaders()
      if (maxAgeMs === 0 || reply.statusCode !== 200 || !String(headers['cache-control']).startsWith('public')) return
      const key = keyOf(request)
      if (key === undefined || (typeof body !== 'string' && !Buffer.isBuffer(body))) return
      // A slow rendering does not replace one that began after it.
      if ((pages.peek(key)?.renderedAt ?? 0) > performance.now() - reply.elapsedTime) return
      // As bytes: writing a string would encode it again for each answer, which takes longer than all else.
      const bytes = Buffer.from(body)
      const all = { ...headers, vary: headers.vary ?? 'accept-language, cookie', 'content-length': bytes.length }
      pages.set(key, {
        body: bytes,
        headers: Object.entries(all).flatMap((header) => header as OutgoingHttpHeader[]),
        renderedAt: performance.now(),
        isRenewed: false,
      })
    })
}
