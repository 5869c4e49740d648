import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { PaperboyError } from '../errors.ts'
import type { Services } from '../services.ts'
import { subscribe } from '../subscription/subscribe.ts'
import type { Limited } from './limits.ts'
import { zoneGuess } from './zones.ts'

/** The form of every page posts here. The answer is the same for every address, known or not. */
export const subscribeRoutes: FastifyPluginAsyncZod<Services & Limited> = async (app, services) => {
  app.get('/subscribe', async (_request, reply) => reply.view('subscribe'))

  const schema = {
    body: z.object({ email: z.string().catch(''), zone: zoneGuess }).catch({ email: '', zone: undefined }),
  }
  app.post('/subscribe', { schema, onRequest: services.signUpLimit }, async (request, reply) => {
    const { email, zone } = request.body
    try {
      await subscribe(services, { typed: email, zone, locale: reply.locals!.locale, origin: request.ip })
    } catch (error) {
      if (!(error instanceof PaperboyError && error.code === 'BAD_ADDRESS')) throw error
      return reply.code(422).view('subscribe', { typed: email, problem: error.message })
    }
    return reply.redirect('/check-your-inbox', 303)
  })

  app.get('/check-your-inbox', async (_request, reply) => reply.view('check-your-inbox'))
}
