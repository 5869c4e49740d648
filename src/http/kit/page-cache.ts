import type { FastifyInstance } from 'fastify'
import { localeFrom } from '../../messages/catalogue.ts'

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
export function cachePages(app: FastifyInstance, keptForMs: number = KEPT_FOR_MS): (part: FastifyInstance) => void {
  const kept = new Map<string, { body: string; headers: Headers; until: number }>()
  const keyOf = (request: { url: string; headers: { 'accept-language'?: string | undefined } }) =>
    `${localeFrom(request.headers['accept-language'])} ${request.url}`

  app.addHook('onRequest', (request, reply, done) => {
    if (kept.size === 0 || request.method !== 'GET' || request.headers.cookie !== undefined) return done()
    const page = kept.get(keyOf(request))
    if (page === undefined || page.until <= performance.now()) return done()
    request.isCached = true
    reply.headers(page.headers).send(page.body)
  })

  return (part) =>
    part.addHook('onSend', async (request, reply, body) => {
      const forAll = request.method === 'GET' && request.headers.cookie === undefined && reply.statusCode === 200
      const headers = reply.getHeaders() as Headers
      if (keptForMs === 0 || !forAll || !String(headers['cache-control']).startsWith('public')) return
      const key = keyOf(request)
      if (typeof body !== 'string' || (kept.get(key)?.until ?? 0) > performance.now()) return
      const vary = headers.vary ?? 'accept-language'
      kept.delete(key)
      kept.set(key, { body, headers: { ...headers, vary }, until: performance.now() + keptForMs })
      if (kept.size > KEPT) kept.delete(kept.keys().next().value!)
    })
}
