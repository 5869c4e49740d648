import { STATUS_CODES } from 'node:http'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { type FastifyPluginAsyncZod, hasZodFastifySchemaValidationErrors } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { PaperboyError } from '../../lib/errors.ts'
import { LOCALES } from '../../messages/catalogue.ts'
import type { Services } from '../../runtime/services.ts'
import { BadPreference } from '../../subscription/preference-rules.ts'
import { signUp } from '../../subscription/sign-up.ts'
import { makeChallenge } from '../../subscription/signup-protection/proof-of-work.ts'
import { TooManySignUps } from '../../subscription/signup-protection/screen-sign-up.ts'
import { watchSurges } from '../../subscription/signup-protection/watch-surges.ts'
import { prepareErrorReply } from '../kit/error-pages.ts'
import { evidenceFields, readEvidence } from '../kit/evidence.ts'
import { timeZoneField } from '../kit/zones.ts'
import { apiPaperRoutes } from './api-papers.ts'
import { apiDocumentRoutes, describeApi } from './openapi.ts'
import { preferencesApiRoutes } from './preferences-api.ts'

/** Making a challenge costs 2 ms of CPU. A browser requests one when the form gets focus. */
const CHALLENGES = { max: 200, timeWindow: 10 * 60_000 }

/** Everything under /api. Errors are RFC 9457 problem details. */
export const apiRoutes: FastifyPluginAsyncZod<Services> = async (app, services) => {
  await describeApi(app, services.config)
  app.setErrorHandler(problemHandler)
  app.setNotFoundHandler(async (_request, reply) =>
    problem(reply, { status: 404, detail: 'There is nothing at this path.' }),
  )

  app.register(preferencesApiRoutes, { ...services, prefix: '' })
  app.register(apiDocumentRoutes)
  const surges = watchSurges(services)
  app.register(apiPaperRoutes, { ...services, prefix: '' })

  const schema = {
    summary: 'Sign up; an email asks to confirm',
    body: z.object({
      email: z.string().max(1000),
      zone: timeZoneField,
      locale: z.enum(LOCALES).optional(),
      ...evidenceFields,
    }),
    response: { 202: z.object({ status: z.literal('check your inbox') }) },
  }
  app.post('/v1/subscriptions', { schema }, async ({ body, ip }, reply) => {
    const { email, zone, locale = reply.locals!.locale } = body
    await signUp(services, { typed: email, zone, locale, origin: ip, evidence: readEvidence(services, body) })
    return reply.code(202).send({ status: 'check your inbox' as const })
  })

  // A sign-up that sends the solved challenge as `proof` counts as less suspicious.
  const challenge = { schema: { summary: 'A proof of work to solve before sign-up' } }
  app.get('/v1/challenge', { ...challenge, onRequest: app.rateLimit(CHALLENGES) }, async () =>
    makeChallenge(services, { surge: await surges.isSurging() }),
  )
}

interface Problem {
  status: number
  detail: string
  /** our error code */
  code?: string
  /** problems by field */
  errors?: { field: string; message: string }[]
}

const DETAILS: Record<number, string> = {
  413: 'The body is larger than this takes.',
  415: 'Send application/json.',
  429: 'Too many requests from this network. See Retry-After.',
  503: 'The service cannot answer right now. See Retry-After.',
}

async function problemHandler(error: unknown, request: FastifyRequest, reply: FastifyReply) {
  if (hasZodFastifySchemaValidationErrors(error)) {
    const errors = error.validation.map(({ instancePath, message }) => ({
      field: instancePath.slice(1).replaceAll('/', '.') || 'body',
      message: message ?? 'is not valid',
    }))
    return problem(reply, { status: 422, detail: 'A field is missing or has the wrong type.', errors })
  }
  const status = prepareErrorReply(error, request, reply)
  if (error instanceof PaperboyError) {
    if (error instanceof TooManySignUps) reply.header('retry-after', error.retryAfterSeconds)
    const field = error instanceof BadPreference ? error.field : error.code === 'BAD_ADDRESS' ? 'email' : undefined
    const errors = field ? { errors: [{ field, message: error.message }] } : {}
    return problem(reply, { status, detail: error.message, code: error.code, ...errors })
  }
  const fallback = status < 500 ? 'The request could not be read.' : 'Something went wrong here. Try again in a minute.'
  return problem(reply, { status, detail: DETAILS[status] ?? fallback })
}

/** Without a `type`, a problem's title is its status in words (RFC 9457 § 4.2.1). */
const problem = (reply: FastifyReply, content: Problem) =>
  reply
    .code(content.status)
    .type('application/problem+json')
    .send(JSON.stringify({ title: STATUS_CODES[content.status], ...content }))
