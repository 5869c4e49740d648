import { createHmac } from 'node:crypto'
import type { FastifyInstance, FastifyReply, FastifyRequest, RouteHandlerMethod } from 'fastify'
import { PaperboyError } from '../../lib/errors.ts'
import {
  beginRequest,
  type NamedRequest,
  RENEWED_SECONDS,
  renewRequest,
  storeResponse,
} from '../../operate/idempotent-requests.ts'
import type { Services } from '../../runtime/services.ts'
import { PROBLEM_TYPE } from './problems.ts'

const FORM = /^[\x21-\x7e]{1,255}$/

/** The request that holds an Idempotency-Key. */
interface Running extends NamedRequest {
  since: Date
  /** ends when `since` is that of the last renewal */
  renewal?: Promise<void>
  /** begun: the handler is at work, or ended after its client had got a 503; ended: it ended before */
  handler?: 'begun' | 'ended'
}

declare module 'fastify' {
  interface FastifyRequest {
    runningAs?: Running | undefined
  }
}

/**
 * Returns what routes with an Idempotency-Key need: the first request runs and its response is stored, another one with the same body
 * gets that response. A stored response has no address, so that erasing a reader need not search here.
 *
 * `replay` is a hook. `runToEnd` wraps the handler: one that takes longer than `limitHandlers` allows runs on when its client has got a
 * 503. It keeps the key, and its response is stored when it ends. Without that, a client that tries again would do everything twice.
 */
export function replayRequests(app: FastifyInstance, services: Services) {
  app.decorateRequest('runningAs', undefined)
  app.addHook('onSend', async (request, { statusCode: status }, body) => {
    const { runningAs } = request
    const is503OfTimeout = request.isTimedOut && runningAs?.handler && (runningAs.handler === 'begun' || status === 503)
    if (runningAs && !is503OfTimeout) {
      await runningAs.renewal
      await storeResponse(services, runningAs, { status, body: typeof body === 'string' ? body : '' })
    }
    return body
  })

  async function replay(request: FastifyRequest, reply: FastifyReply) {
    const key = request.headers['idempotency-key']
    if (key === undefined) return
    if (typeof key !== 'string' || !FORM.test(key))
      throw new PaperboyError('BAD_IDEMPOTENCY_KEY', 'An Idempotency-Key has 1 to 255 visible ASCII characters.')
    const named = { apiKeyId: request.apiKey!.id, key }
    // Keyed, because a body may have an address.
    const hash = createHmac('sha256', services.config.SECRET_KEY)
      .update(`idempotent request\0${request.method} ${request.url}\0${JSON.stringify(request.body) ?? ''}`)
      .digest()
    const begun = await beginRequest(services, named, hash)
    if ('since' in begun) {
      const running = { ...named, ...begun }
      // Its client has got a 503 while it waited for the database. Its handler does not run, and the client may try again.
      if (request.isTimedOut) await storeResponse(services, running, { status: 500, body: '' })
      else request.runningAs = running
      return
    }
    return reply
      .code(begun.status)
      .header('idempotent-replayed', 'true')
      .type(begun.status < 400 ? 'application/json; charset=utf-8' : PROBLEM_TYPE)
      .send(begun.body)
  }

  const runToEnd = (handler: RouteHandlerMethod): RouteHandlerMethod =>
    async function handle(this: FastifyInstance, request, reply) {
      const { runningAs } = request
      if (!runningAs) return handler.call(this, request, reply)
      runningAs.handler = 'begun'
      const watched = watchReply(request, reply)
      const stopRenewing = keepRenewed(services, runningAs)
      try {
        const returned = await handler.call(this, request, watched.reply)
        await stopRenewing()
        const late = watched.late(returned)
        if (!late) {
          runningAs.handler = 'ended'
          return returned
        }
        await storeResponse(services, runningAs, late)
        // Until the 503 is sent, Fastify would take the end of the handler for another response.
        await reply
        return undefined
      } catch (error) {
        await stopRenewing()
        // As after any server error, the client may try again.
        if (request.isTimedOut) await storeResponse(services, runningAs, { status: 500, body: '' })
        else runningAs.handler = 'ended'
        throw error
      }
    }

  return { replay, runToEnd }
}

/** Returns a reply for the handler, and what it answered after its client had got a 503. */
function watchReply(request: FastifyRequest, reply: FastifyReply) {
  let status = 200
  let sent: { inTime: boolean; payload: unknown } | undefined
  const own: FastifyReply = Object.create(reply)
  own.code = (code: number) => {
    status = code
    if (!request.isTimedOut) reply.code(code)
    return own
  }
  own.send = (payload?: unknown) => {
    sent = { inTime: !request.isTimedOut, payload }
    if (sent.inTime) reply.send(payload)
    return own
  }
  const late = (returned: unknown) => {
    const { inTime, payload } = sent ?? { inTime: !request.isTimedOut, payload: returned }
    if (inTime) return undefined
    return {
      status,
      body: payload == null ? '' : String(reply.serializeInput(payload as Record<string, unknown>, String(status))),
    }
  }
  return { reply: own, late }
}

/** Renews the request's hold on its key while it runs, since others take it from a process that died. Returns a function that ends it. */
function keepRenewed(services: Services, running: Running): () => Promise<void> {
  const timer = setInterval(() => {
    running.renewal = renewRequest(services, running).then(
      (since) => {
        running.since = since
      },
      (error) => services.log.warn({ err: error }, 'an Idempotency-Key was not renewed'),
    )
  }, RENEWED_SECONDS * 1000)
  return async () => {
    clearInterval(timer)
    await running.renewal
  }
}
