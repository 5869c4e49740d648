import { createHmac } from 'node:crypto'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { PaperboyError } from '../../lib/errors.ts'
import { beginRequest, type NamedRequest, storeResponse } from '../../operate/idempotent-requests.ts'
import type { Services } from '../../runtime/services.ts'
import { PROBLEM_TYPE } from './problems.ts'

const FORM = /^[\x21-\x7e]{1,255}$/

declare module 'fastify' {
  interface FastifyRequest {
    /** the Idempotency-Key that this request runs under, and since when */
    runningAs?: (NamedRequest & { since: Date }) | undefined
  }
}

/**
 * Returns a hook for POST requests with an Idempotency-Key: the first one runs and its response is stored, another one with the same
 * body gets that response. A stored response has no address, so that erasing a reader need not search here.
 */
export function replayRequests(app: FastifyInstance, services: Services) {
  app.decorateRequest('runningAs', undefined)
  app.addHook('onSend', async ({ runningAs }, { statusCode: status }, body) => {
    if (runningAs) await storeResponse(services, runningAs, { status, body: typeof body === 'string' ? body : '' })
    return body
  })
  return async function replay(request: FastifyRequest, reply: FastifyReply) {
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
      request.runningAs = { ...named, ...begun }
      return
    }
    return reply
      .code(begun.status)
      .header('idempotent-replayed', 'true')
      .type(begun.status < 400 ? 'application/json; charset=utf-8' : PROBLEM_TYPE)
      .send(begun.body)
  }
}
