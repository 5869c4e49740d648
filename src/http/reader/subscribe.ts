import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { AddressError } from '../../mail/address.ts'
import type { Services } from '../../runtime/services.ts'
import { signUp } from '../../subscription/sign-up.ts'
import { evidenceFields, readEvidence } from '../kit/evidence.ts'
import { timeZoneField } from '../kit/zones.ts'

/** Sign-up. The response is the same for every address, known or not. */
export const subscribeRoutes: FastifyPluginAsyncZod<Services> = async (app, services) => {
  app.get('/subscribe', async (_request, reply) => reply.view('subscribe'))

  const schema = {
    body: z
      .object({ email: z.string().catch(''), zone: timeZoneField, ...evidenceFields })
      .catch({ email: '', zone: undefined }),
  }
  app.post('/subscribe', { schema }, async ({ body, ip }, reply) => {
    const { locale, t } = reply.locals!
    const { email, zone } = body
    try {
      const evidence = readEvidence(services, body)
      const { slip } = await signUp(services, { typed: email, zone, locale, origin: ip, evidence })
      return reply.redirect(slip ? '/check-your-inbox?slip=' : '/check-your-inbox', 303)
    } catch (error) {
      if (!(error instanceof AddressError)) throw error
      return reply.code(422).view('subscribe', { typed: email, problem: t.address[error.problem] })
    }
  })

  const next = { querystring: z.object({ slip: z.literal('').optional().catch(undefined) }) }
  app.get('/check-your-inbox', { schema: next }, async ({ query }, reply) =>
    reply.view('check-your-inbox', { slip: query.slip !== undefined }),
  )
}
