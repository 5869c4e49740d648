import type { FastifyInstance, preParsingHookHandler } from 'fastify'
import { sendProblem, UnreadableBody } from './problems.ts'

/** Reads bodies as JSON. Many clients name this type also where they send no body, which Fastify refuses. */
export function parseJsonBodies(app: FastifyInstance): void {
  const parseJson = app.getDefaultJsonParser('error', 'error')
  app.addContentTypeParser<string>('application/json', { parseAs: 'string' }, (request, body, done) =>
    body === ''
      ? done(null, undefined)
      : parseJson(request, body, (error, value) =>
          error ? done(new UnreadableBody(whatBreaks(body), { cause: error })) : done(null, value),
        ),
  )
}

/** Refuses compressed bodies: they would be read as they are, and called invalid JSON. */
export const refuseEncodedBodies: preParsingHookHandler = (request, reply, _payload, done) => {
  const encoding = request.headers['content-encoding']
  const hasBody = request.method !== 'GET' && request.method !== 'HEAD'
  if (!hasBody || encoding === undefined || encoding.trim().toLowerCase() === 'identity') return done()
  reply.header('accept-encoding', 'identity')
  const detail = 'A body with this Content-Encoding is not accepted. Send it uncompressed, without this header.'
  sendProblem(reply, { status: 415, detail })
}

/** Longer bodies are uploads of readers: searching 16 MB stops the process for half a second. */
const MOST_SEARCHED = 1_000_000

function whatBreaks(body: string): string {
  const message = problemOf(body)
  if (message === undefined) return 'The body has a key that is not allowed: __proto__ or constructor.'
  if (message.startsWith('Unexpected end')) return 'The body is not valid JSON. It ends too early.'
  const [, reason, position] = /^(.+?)(?: in JSON)? at position (\d+)/.exec(message) ?? []
  if (position === undefined && body.length > MOST_SEARCHED) return 'The body is not valid JSON.'
  const at = position === undefined ? unexpectedAt(body) : Number(position)
  const before = body.slice(0, at).split('\n')
  const place = `position ${at} (line ${before.length}, column ${before.at(-1)!.length + 1})`
  return `The body is not valid JSON. ${reason ?? 'Unexpected character'} at ${place}.`
}

/** Returns what V8 says about a text; undefined when it is JSON. */
function problemOf(text: string): string | undefined {
  try {
    JSON.parse(text)
    return undefined
  } catch (error) {
    return (error as Error).message
  }
}

/**
 * Returns the position of an unexpected character. V8 quotes the text around one instead of saying where it is. But a text that is cut
 * before it only ends too early, so halving finds it in 20 steps per megabyte.
 */
function unexpectedAt(body: string): number {
  let [fine, broken] = [0, body.length]
  while (broken - fine > 1) {
    const middle = (fine + broken) >> 1
    if (problemOf(body.slice(0, middle))?.startsWith('Unexpected token')) broken = middle
    else fine = middle
  }
  return fine
}
