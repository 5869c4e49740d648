import { STATUS_CODES } from 'node:http'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { hasZodFastifySchemaValidationErrors } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { PaperboyError } from '../../lib/errors.ts'
import { BadPreference } from '../../subscription/preference-rules.ts'
import { TooManySignUps } from '../../subscription/signup-protection/screen-sign-up.ts'
import { prepareErrorReply } from '../kit/error-pages.ts'

/** Every error of the API (RFC 9457). Without a `type`, a problem's title is its status in words (§ 4.2.1). */
export const Problem = z.object({
  title: z.string(),
  status: z.int(),
  detail: z.string().describe('what happened, for people'),
  code: z.string().optional().describe('what happened, for programs'),
  errors: z
    .array(z.object({ field: z.string(), message: z.string() }))
    .optional()
    .describe('problems by field'),
})

/** A body that is no JSON. Its message says where it breaks, and quotes nothing of it: a body may have an address. */
export class UnreadableBody extends Error {
  readonly statusCode = 400
}

export const PROBLEM_TYPE = 'application/problem+json'

/** How the API's description words each status. */
const DESCRIPTIONS: Record<number, string> = {
  400: 'The request is not well formed.',
  401: 'There is no API key, or it is unknown, expired or revoked.',
  403: 'This request is not allowed.',
  404: 'There is no such thing.',
  409: 'The present state does not allow this.',
  410: 'This link has expired.',
  413: 'The body is too large.',
  415: 'The body is not of type application/json, or compressed.',
  422: 'A value is missing or not valid.',
  429: 'Too many requests. See Retry-After.',
  500: 'The service failed.',
  502: 'A source of papers failed.',
  503: 'The service is busy. See Retry-After.',
}

/** The documented response of an error status. */
export const problemResponse = (status: number) => ({
  description: DESCRIPTIONS[status] ?? STATUS_CODES[status] ?? String(status),
  content: { [PROBLEM_TYPE]: { schema: Problem } },
})

const DETAILS: Record<number, string> = {
  405: 'This path does not have this method. See Allow.',
  413: 'The body is larger than this takes.',
  415: 'Send application/json.',
  429: 'Too many requests. See Retry-After.',
  503: 'The service cannot answer right now. See Retry-After.',
}

/** When an address got too many emails, they become fewer hour by hour. */
const HOUR_SECONDS = 3600

/** The error handler of everything under /api. */
export async function problemHandler(error: unknown, request: FastifyRequest, reply: FastifyReply) {
  if (hasZodFastifySchemaValidationErrors(error)) {
    const errors = error.validation.map(({ instancePath, message }) => ({
      field: instancePath.slice(1).replaceAll('/', '.') || 'body',
      message: message ?? 'is not valid',
    }))
    return sendProblem(reply, { status: 422, detail: 'A field is missing or has the wrong type.', errors })
  }
  const status = prepareErrorReply(error, request, reply)
  if (error instanceof PaperboyError) {
    if (status === 429) addLimitHeaders(reply, error instanceof TooManySignUps ? error.retryAfterSeconds : HOUR_SECONDS)
    if (error.code === 'BAD_KEY') reply.header('www-authenticate', 'Bearer')
    if (error.code === 'REQUEST_RUNNING') reply.header('retry-after', 1)
    const field = fieldOf(error, request)
    const errors = field ? { errors: [{ field, message: error.message }] } : {}
    return sendProblem(reply, { status, detail: error.message, code: error.code, ...errors })
  }
  const fallback = status < 500 ? 'The request could not be read.' : 'Something went wrong here. Try again in a minute.'
  const detail = error instanceof UnreadableBody ? error.message : (DETAILS[status] ?? fallback)
  return sendProblem(reply, { status, detail })
}

/** Returns the field of the body that an error is about. */
function fieldOf(error: PaperboyError, { body }: FastifyRequest): string | undefined {
  if (error instanceof BadPreference) return error.field
  return error.code === 'BAD_ADDRESS' ? ['email', 'to'].find((name) => name in Object(body)) : undefined
}

/** The headers of a 429 from the database's counts, as the rate limiter writes them. They never show how many sign-ups there were. */
const addLimitHeaders = (reply: FastifyReply, seconds: number) =>
  reply.headers({ 'retry-after': seconds, 'ratelimit-remaining': 0, 'ratelimit-reset': seconds })

export const sendProblem = (reply: FastifyReply, content: Omit<z.output<typeof Problem>, 'title'>) =>
  reply
    .code(content.status)
    .type(PROBLEM_TYPE)
    .send(JSON.stringify({ title: STATUS_CODES[content.status], ...content }))
