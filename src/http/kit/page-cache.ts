import type { FastifyInstance, FastifyRequest } from 'fastify'
import { LRUCache } from 'lru-cache'
import { localeOf } from './language.ts'

/** A page is rendered at most once in this time. Its Cache-Control allows a minute, so it is never too old. */
const MAX_AGE_MS = 1_000
const MAX_PAGES = 200

type Headers = Record<string, number | string | string[] | undefined>

/**
 * Caches rendered public pages for a second: GET without a cookie, answered 200 with `cache-control: public`. A traffic spike
 * then costs little more than a static file. Cached pages skip all other hooks and repeat the headers those hooks once set.
 *
 * @param app the root app, before any other hook
 * @param maxAgeMs milliseconds; 0 turns the cache off
 * @returns a function that caches the pages of one plugin
 */
export function cachePages(app: FastifyInstance, maxAgeMs: number = MAX_AGE_MS): (part: FastifyInstance) => void {
  // `ttlResolution: 0` reads the clock each time, so that a page outlives its second by no more than that. `ttlAutopurge` drops
  // pages that are not requested again: 200 of them take 10 to 20 MB.
  const pages = new LRUCache<string, { body: Buffer; headers: Headers }>({
    max: MAX_PAGES,
    ttl: maxAgeMs,
    ttlResolution: 0,
    ttlAutopurge: true,
  })
  const keyOf = (request: FastifyRequest) => `${localeOf(request)} ${request.url}`

  app.addHook('onRequest', (request, reply, done) => {
    if (pages.size === 0 || request.method !== 'GET' || request.headers.cookie !== undefined) return done()
    const page = pages.get(keyOf(request))
    if (page === undefined) return done()
    reply.headers(page.headers).send(page.body)
  })

  return (part) =>
    part.addHook('onSend', async (request, reply, body) => {
      const isPublic = request.method === 'GET' && request.headers.cookie === undefined && reply.statusCode === 200
      const headers = reply.getHeaders() as Headers
      if (maxAgeMs === 0 || !isPublic || !String(headers['cache-control']).startsWith('public')) return
      const key = keyOf(request)
      if (typeof body !== 'string' || pages.has(key)) return
      // As bytes: writing a string would encode it again for each answer, which takes longer than all else.
      pages.set(key, { body: Buffer.from(body), headers: { ...headers, vary: headers.vary ?? 'accept-language' } })
    })
}
