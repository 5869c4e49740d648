import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import { httpStatus, PaperboyError } from '../errors.ts'
import { TooManySignUps } from '../subscription/armour/admit.ts'
import { showTooMany } from './evidence.ts'

interface Words {
  heading: string
  text: string
}

/** What happened, what it means, what to do; by status, since an error's own message may be anything. */
const WORDS: Record<number, Words> = {
  400: {
    heading: 'This address is not complete',
    text: 'A part of it was cut off or changed on its way. Try the link again.',
  },
  404: { heading: 'There is no such page', text: 'The address may have been cut off, or the page is gone.' },
  413: {
    heading: 'That was too much',
    text: 'More was sent than this form takes. Go back, shorten it and send it again.',
  },
  415: {
    heading: 'This form cannot be read',
    text: 'It was sent in a way that this page does not take. Go back and send it again.',
  },
  429: {
    heading: 'Too many requests from your network',
    text: 'To keep scripts out, a network may do this a few times in a row. Wait ten minutes and try again.',
  },
  500: {
    heading: 'Something went wrong here',
    text: 'It is our fault, not yours, and it has been written down for us. Try again in a minute.',
  },
  503: { heading: 'Too busy right now', text: 'Nothing is lost. Try again in half a minute.' },
}

/** For a page's error: its status, and whether it is ours to look into. */
export function statusOf(error: unknown): number {
  if (error instanceof PaperboyError) return httpStatus[error.code]
  const status = (error as Partial<FastifyError>).statusCode
  return status !== undefined && status >= 400 && status < 600 ? status : 500
}

/** Logs what nobody but us can mend. */
export function report(error: unknown, status: number, request: FastifyRequest): void {
  if (status >= 500 && status !== 503) {
    request.log.error(
      { method: request.method, route: request.routeOptions.url ?? 'none', err: error },
      'request failed',
    )
  }
}

export async function pageErrorHandler(error: unknown, request: FastifyRequest, reply: FastifyReply) {
  const status = statusOf(error)
  report(error, status, request)
  reply.code(status)
  if (error instanceof PaperboyError) {
    if (error instanceof TooManySignUps) return showTooMany(reply, error)
    if (error.code === 'TOKEN_EXPIRED' || error.code === 'TOKEN_UNKNOWN') {
      const page = request.routeOptions.url?.split('/')[1]
      return reply.view('link', { expired: error.code === 'TOKEN_EXPIRED', page })
    }
    return reply.view('message', { heading: 'That did not work', text: error.message })
  }
  return reply.view('message', wordsFor(status))
}

export async function pageNotFound(_request: FastifyRequest, reply: FastifyReply) {
  return reply.code(404).view('message', wordsFor(404))
}

const wordsFor = (status: number): Words => WORDS[status] ?? (status < 500 ? WORDS[400]! : WORDS[500]!)
