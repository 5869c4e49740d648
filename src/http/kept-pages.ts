import type { FastifyInstance } from 'fastify'

/** A page is rendered once in this time, however many ask for it: far less than the minute for which caches may keep it. */
const KEPT_FOR_MS = 1_000
const KEPT = 200

interface Kept {
  body: string
  type: string
  headers: Record<string, string>
  until: number
}

/**
 * Keeps pages that are the same for everybody, rendered, for a second: GET without a cookie, answered 200
 * with `cache-control: public`. So that a crowd costs what a static file costs, and a page is never older than its headers say.
 *
 * @param keptForMs 0 switches it off
 */
export function keepPages(app: FastifyInstance, keptForMs: number = KEPT_FOR_MS): void {
  const kept = new Map<string, Kept>()
  const now = () => performance.now()

  app.addHook('onRequest', async (request, reply) => {
    if (request.method !== 'GET' || request.headers.cookie !== undefined) return
    const page = kept.get(`${reply.locals?.locale} ${request.url}`)
    if (page && page.until > now()) return reply.headers(page.headers).type(page.type).send(page.body)
  })

  app.addHook('onSend', async (request, reply, body) => {
    const cache = reply.getHeader('cache-control')
    const forAll = request.method === 'GET' && request.headers.cookie === undefined && reply.statusCode === 200
    if (keptForMs === 0 || !forAll || typeof body !== 'string' || !String(cache).startsWith('public')) return
    const key = `${reply.locals?.locale} ${request.url}`
    if ((kept.get(key)?.until ?? 0) > now()) return
    const headers = { 'cache-control': String(cache), vary: String(reply.getHeader('vary') ?? 'accept-language') }
    kept.delete(key)
    kept.set(key, { body, type: String(reply.getHeader('content-type')), headers, until: now() + keptForMs })
    if (kept.size > KEPT) kept.delete(kept.keys().next().value!)
  })
}
