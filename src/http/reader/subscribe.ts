import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { AddressError } from '../../mail/address.ts'
import type { Services } from '../../runtime/services.ts'
import { signUp } from '../../subscription/sign-up.ts'
import { cardMeta, siteCard } from '../cards/card-text.ts'
import { readEvidence } from '../kit/evidence.ts'
import { inLanguage } from '../kit/language.ts'
import { signUpBody, wishesOf, wishFields, wishView, withWishes } from './sign-up-form.ts'

/** Sign-up. The response is the same for every address, known or not. Forms on other sites post here too: docs/embedding.md. */
export const subscribeRoutes: FastifyPluginAsyncZod<Services> = async (app, services) => {
  app.get('/subscribe', { schema: { querystring: z.object(wishFields) } }, async ({ query }, reply) => {
    const { t } = reply.locals!
    return reply.view('subscribe', { ...wishView(query, t), card: cardMeta('site', siteCard(t), t) })
  })

  app.post('/subscribe', { schema: { body: signUpBody } }, async ({ body, ip }, reply) => {
    const { locale, t, asked } = reply.locals!
    const { email, zone } = body
    try {
      const evidence = readEvidence(services, body)
      const wishes = wishesOf(body)
      const { slip } = await signUp(services, { typed: email, zone, locale, origin: ip, wishes, evidence })
      const next = withWishes(slip ? '/check-your-inbox?slip=' : '/check-your-inbox', body, t)
      return reply.redirect(inLanguage(next, asked), 303)
    } catch (error) {
      if (!(error instanceof AddressError)) throw error
      return reply
        .code(422)
        .view('subscribe', { typed: email, problem: t.address[error.problem], ...wishView(body, t) })
    }
  })

  const next = { querystring: z.object({ slip: z.literal('').optional().catch(undefined), ...wishFields }) }
  app.get('/check-your-inbox', { schema: next }, async ({ query }, reply) =>
    reply.view('check-your-inbox', {
      slip: query.slip !== undefined,
      again: inLanguage(withWishes('/subscribe', query, reply.locals!.t), reply.locals!.asked),
    }),
  )
}
