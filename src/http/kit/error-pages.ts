import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import { isConnectionError } from '../../lib/connection-error.ts'
import { httpStatus, PaperboyError } from '../../lib/errors.ts'
import type { Messages } from '../../messages/catalogue.ts'
import { messagesOf } from '../../runtime/config/newsletter.ts'
import { TooManySignUps } from '../../subscription/signup-protection/screen-sign-up.ts'
import { sendTooManySignUps } from './evidence.ts'

/** The message shown for each status. An error's own message may contain anything, so it is never shown. */
const WORDS: Record<number, keyof Messages['errors']> = {
  400: 'incomplete',
  404: 'notFound',
  405: 'notFound',
  409: 'refused',
  413: 'tooLarge',
  415: 'unreadable',
  422: 'refused',
  429: 'tooMany',
  503: 'busy',
}

/** Long enough for a server restart. */
const RETRY_AFTER_SECONDS = 10

/** Returns an error's HTTP status, for pages and the API. An unreachable database is 503: the client may retry. */
function statusOf(error: unknown): number {
  if (error instanceof PaperboyError) return httpStatus[error.code]
  if (isConnectionError(error)) return 503
  const status = (error as Partial<FastifyError>).statusCode
  return status !== undefined && status >= 400 && status < 600 ? status : 500
}

/** Sets the status and headers of an error response, and logs errors that only we can fix. Returns the status. */
export function prepareErrorReply(error: unknown, request: FastifyRequest, reply: FastifyReply): number {
  const status = statusOf(error)
  // The route may have allowed caching before it failed: a cache would repeat an outage for minutes.
  reply.code(status).header('cache-control', 'no-store')
  if (status === 503 && !reply.hasHeader('retry-after')) reply.header('retry-after', RETRY_AFTER_SECONDS)
  report(error, status, request)
  return status
}

function report(error: unknown, status: number, request: FastifyRequest): void {
  if (status >= 500 && status !== 503) {
    request.log.error(
      { method: request.method, route: request.routeOptions.url ?? 'none', err: error },
      'request failed',
    )
  }
}

export async function pageErrorHandler(error: unknown, request: FastifyRequest, reply: FastifyReply) {
  const status = prepareErrorReply(error, request, reply)
  if (error instanceof PaperboyError) {
    if (error instanceof TooManySignUps) return sendTooManySignUps(reply, error)
    if (error.code === 'TOKEN_EXPIRED' || error.code === 'TOKEN_UNKNOWN') {
      const page = request.routeOptions.url?.split('/')[1]
      return reply.view('invalid-link', { expired: error.code === 'TOKEN_EXPIRED', page })
    }
    if (error.code === 'EDITION_NOT_FOUND') return reply.view('message', { ...wordsOf(reply).noEdition, search: '' })
  }
  return reply.view('message', { ...wordsFor(reply, status), ...(status === 404 ? { search: '' } : {}) })
}

export async function pageNotFound(request: FastifyRequest, reply: FastifyReply) {
  return reply.code(404).view('message', { ...wordsFor(reply, 404), search: wordsInPath(request.url) })
}

/** What a wrong address may have meant: "/papers/diffusion-models" → "diffusion models". */
const wordsInPath = (url: string): string =>
  (/([\w-]{3,60})\/?(?:\?.*)?$/.exec(url)?.[1] ?? '').replace(/[-_]+/g, ' ').trim()

const wordsOf = (reply: FastifyReply): Messages['errors'] =>
  (reply.locals?.t ?? messagesOf(reply.server.newsletter)).errors

const wordsFor = (reply: FastifyReply, status: number) =>
  wordsOf(reply)[WORDS[status] ?? (status < 500 ? 'incomplete' : 'ours')]
