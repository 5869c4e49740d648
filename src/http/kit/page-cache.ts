import type { FastifyInstance, FastifyRequest } from 'fastify'
import { LRUCache } from 'lru-cache'
import { localeOf } from './language.ts'

/** A page is rendered once in this time, however many ask for it: far less than the minute for which caches may keep it. */
const KEPT_FOR_MS = 1_000
const KEPT = 200

type Headers = Record<string, number | string | string[] | undefined>

/**
 * Keeps pages that are the same for everybody, rendered, for a second: GET without a cookie, answered 200 with
 * `cache-control: public`. So that a crowd costs little more than a static file, and a page is never older than its headers say.
 * Given out in front of every other hook, with the headers that those hooks once set.
 *
 * @param app the whole app, before anything else is registered in it
 * @param keptForMs 0 keeps nothing
 * @returns what makes the pages of a part of the app be kept
 */
export function keepPages(app: FastifyInstance, keptForMs: number = KEPT_FOR_MS): (part: FastifyInstance) => void {
  // `ttlResolution: 0` asks the clock each time: a page outlives its second by no more than that.
  const kept = new LRUCache<string, { body: string; headers: Headers }>({ max: KEPT, ttl: keptForMs, ttlResolution: 0 })
  const keyOf = (request: FastifyRequest) => `${localeOf(request)} ${request.url}`

  app.addHook('onRequest', (request, reply, done) => {
    if (kept.size === 0 || request.method !== 'GET' || request.headers.cookie !== undefined) return done()
    const page = kept.get(keyOf(request))
    if (page === undefined) return done()
    request.isKept = true
    reply.headers(page.headers).send(page.body)
  })

  return (part) =>
    part.addHook('onSend', async (request, reply, body) => {
      const forAll = request.method === 'GET' && request.headers.cookie === undefined && reply.statusCode === 200
      const headers = reply.getHeaders() as Headers
      if (keptForMs === 0 || !forAll || !String(headers['cache-control']).startsWith('public')) return
      const key = keyOf(request)
      if (typeof body !== 'string' || kept.has(key)) return
      kept.set(key, { body, headers: { ...headers, vary: headers.vary ?? 'accept-language' } })
    })
}
