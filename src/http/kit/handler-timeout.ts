import type { IncomingMessage } from 'node:http'
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

/** How long the rest of a body may come after its response, in milliseconds. Node waits for it as long as for a file. */
const REST_OF_BODY_MS = 60_000

/**
 * Answers 503 when a response does not begin in time. A response that has begun goes on. Closes a connection whose answered body comes
 * slowly.
 *
 * Fastify's `handlerTimeout` ends with the request's body, so no form and no JSON has one (fastify/fastify#6725). It also makes an
 * AbortController and an AbortError for each request.
 * @param app the root app, before hooks that may wait
 */
export function limitHandlers(app: FastifyInstance): void {
  // Of the server: hooks do not see cached pages and malformed URLs.
  app.server.on('request', (request, response) => response.once('close', () => limitRestOfBody(request)))
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

/** Without it, slow clients could keep connections, and a process that stops, for minutes. */
function limitRestOfBody(request: IncomingMessage): void {
  if (request.complete || request.destroyed) return
  const timer = setTimeout(() => request.destroy(), REST_OF_BODY_MS)
  request.once('close', () => clearTimeout(timer))
}
