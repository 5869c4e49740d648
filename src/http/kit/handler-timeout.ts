import type { FastifyInstance } from 'fastify'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** milliseconds in which its response begins; default 20,000 */
    handlerTimeoutMs?: number
  }
  interface FastifyRequest {
    /** its response did not begin in time: the client got a 503, and the handler may still run */
    isTimedOut: boolean
  }
}

const DEFAULT_MS = 20_000

/**
 * Answers 503 when a response does not begin in time. A response that has begun goes on.
 *
 * Fastify's `handlerTimeout` ends with the request's body, so no form and no JSON has one (fastify/fastify#6725). It also makes an
 * AbortController and an AbortError for each request.
 * @param app the root app, before hooks that may wait
 */
export function limitHandlers(app: FastifyInstance): void {
  app.decorateRequest('isTimedOut', false)
  app.addHook('onRequest', (request, reply, done) => {
    const timer = setTimeout(() => {
      if (reply.sent || reply.raw.headersSent) return
      request.isTimedOut = true
      reply.send(Object.assign(new Error('The response did not begin in time.'), { statusCode: 503 }))
    }, request.routeOptions.config.handlerTimeoutMs ?? DEFAULT_MS)
    reply.raw.once('close', () => clearTimeout(timer))
    done()
  })
}
