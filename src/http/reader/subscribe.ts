import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { AddressError } from '../../mail/address.ts'
import { canonicalSlug } from '../../papers/topics/keywords.ts'
import type { Services } from '../../runtime/services.ts'
import { signUp } from '../../subscription/sign-up.ts'
import { evidenceFields, readEvidence } from '../kit/evidence.ts'
import { timeZoneField } from '../kit/zones.ts'

/** A topic to follow from the first email on. */
const topic = z
  .string()
  .regex(/^[a-z0-9-]{1,60}$/)
  .transform(canonicalSlug)
  .optional()
  .catch(undefined)

/** Sign-up. The response is the same for every address, known or not. */
export const subscribeRoutes: FastifyPluginAsyncZod<Services> = async (app, services) => {
  app.get('/subscribe', async (_request, reply) => reply.view('subscribe'))

  const schema = {
    body: z
      .object({ email: z.string().catch(''), zone: timeZoneField, topic, ...evidenceFields })
      .catch({ email: '', zone: undefined, topic: undefined }),
  }
  app.post('/subscribe', { schema }, async ({ body, ip }, reply) => {
    const { locale, t } = reply.locals!
    const { email, zone, topic } = body
    const topics = topic === undefined ? [] : [topic]
    try {
      const evidence = readEvidence(services, body)
      const { slip } = await signUp(services, { typed: email, zone, locale, topics, origin: ip, evidence })
      return reply.redirect(slip ? '/check-your-inbox?slip=' : '/check-your-inbox', 303)
    } catch (error) {
      if (!(error instanceof AddressError)) throw error
      return reply.code(422).view('subscribe', { typed: email, topic, problem: t.address[error.problem] })
    }
  })

  const next = { querystring: z.object({ slip: z.literal('').optional().catch(undefined) }) }
  app.get('/check-your-inbox', { schema: next }, async ({ query }, reply) =>
    reply.view('check-your-inbox', { slip: query.slip !== undefined }),
  )
}
