import type { FastifyInstance } from 'fastify'
import { type FastifyPluginAsyncZod, validatorCompiler } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { LOCALES } from '../../messages/catalogue.ts'
import type { Services } from '../../runtime/services.ts'
import { signUp } from '../../subscription/sign-up.ts'
import { makeChallenge } from '../../subscription/signup-protection/proof-of-work.ts'
import { watchSurges } from '../../subscription/signup-protection/watch-surges.ts'
import { evidenceFields, readEvidence } from '../kit/evidence.ts'
import { timeZoneField } from '../kit/zones.ts'
import { apiPaperRoutes } from './api-papers.ts'
import { deliveriesApiRoutes } from './deliveries-api.ts'
import { editionChangesApiRoutes } from './edition-changes-api.ts'
import { editionPreviewsApiRoutes } from './edition-previews-api.ts'
import { editionWordingApiRoutes } from './edition-wording-api.ts'
import { editionsApiRoutes } from './editions-api.ts'
import { importsApiRoutes } from './imports-api.ts'
import { insightsApiRoutes } from './insights-api.ts'
import { parseJsonBodies, refuseEncodedBodies } from './json-body.ts'
import { keysApiRoutes } from './keys-api.ts'
import { apiDocumentRoutes, describeApi } from './openapi.ts'
import { peopleApiRoutes } from './people-api.ts'
import { preferencesApiRoutes } from './preferences-api.ts'
import { problemHandler, sendProblem } from './problems.ts'
import { readerChangesApiRoutes } from './reader-changes-api.ts'
import { readersApiRoutes } from './readers-api.ts'
import { recordsApiRoutes } from './records-api.ts'
import { applyRouteRules } from './route-rules.ts'
import { sessionsApiRoutes } from './sessions-api.ts'
import { settingsApiRoutes } from './settings-api.ts'
import { sourcesApiRoutes } from './sources-api.ts'
import { statusApiRoutes } from './status-api.ts'
import { submissionsApiRoutes } from './submissions-api.ts'
import { suppressionsApiRoutes } from './suppressions-api.ts'
import { trendsApiRoutes } from './trends-api.ts'
import { votesApiRoutes } from './votes-api.ts'
import { webhookEndpointsApiRoutes } from './webhook-endpoints-api.ts'
import { webhookMessagesApiRoutes } from './webhook-messages-api.ts'

/** Making a challenge costs 2 ms of CPU. A browser requests one when the form gets focus. */
const CHALLENGES = { max: 200, timeWindow: 10 * 60_000 }

/** Everything under /api. Errors are RFC 9457 problem details. */
export const apiRoutes: FastifyPluginAsyncZod<Services> = async (app, services) => {
  await describeApi(app, services.config)
  app.setErrorHandler(problemHandler)
  // Fastify passes a missing body as null, which an optional schema rejects.
  app.setValidatorCompiler((route) => {
    const validate = validatorCompiler(route as Parameters<typeof validatorCompiler>[0])
    return (data) => validate(data ?? undefined)
  })
  app.addHook('preParsing', refuseEncodedBodies)
  parseJsonBodies(app as unknown as FastifyInstance)
  app.setNotFoundHandler(async (_request, reply) =>
    sendProblem(reply, { status: 404, detail: 'There is nothing at this path.' }),
  )
  applyRouteRules(app as unknown as FastifyInstance, services)

  app.register(apiDocumentRoutes)
  const surges = watchSurges(services)
  const own = { ...services, prefix: '' }
  app.register(preferencesApiRoutes, own)
  app.register(apiPaperRoutes, own)
  app.register(peopleApiRoutes, own)
  app.register(trendsApiRoutes, own)
  app.register(votesApiRoutes, own)
  app.register(editionsApiRoutes, own)
  app.register(editionChangesApiRoutes, own)
  app.register(editionPreviewsApiRoutes, own)
  app.register(editionWordingApiRoutes, own)
  app.register(insightsApiRoutes, own)
  app.register(deliveriesApiRoutes, own)
  app.register(readersApiRoutes, own)
  app.register(readerChangesApiRoutes, own)
  app.register(suppressionsApiRoutes, own)
  app.register(submissionsApiRoutes, own)
  app.register(statusApiRoutes, own)
  app.register(recordsApiRoutes, own)
  app.register(importsApiRoutes, own)
  app.register(sourcesApiRoutes, own)
  app.register(sessionsApiRoutes, own)
  app.register(settingsApiRoutes, own)
  app.register(webhookEndpointsApiRoutes, own)
  app.register(webhookMessagesApiRoutes, own)
  app.register(keysApiRoutes, own)

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
  app.post('/v1/subscriptions', { schema, config: { limited: true } }, async ({ body, ip }, reply) => {
    const { email, zone, locale = reply.locals!.locale } = body
    await signUp(services, { typed: email, zone, locale, origin: ip, evidence: readEvidence(services, body) })
    return reply.code(202).send({ status: 'check your inbox' as const })
  })

  // A sign-up that sends the solved challenge as `proof` counts as less suspicious.
  const Challenge = z.object({
    parameters: z.custom<object>((value) => typeof value === 'object').meta({ type: 'object' }),
    signature: z.string().optional(),
  })
  const challenge = { schema: { summary: 'A proof of work to solve before sign-up', response: { 200: Challenge } } }
  app.get(
    '/v1/challenge',
    { ...challenge, config: { open: true, limited: true }, onRequest: app.rateLimit(CHALLENGES) },
    async () => makeChallenge(services, { surge: await surges.isSurging() }),
  )
}
