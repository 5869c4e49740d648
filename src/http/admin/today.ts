import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { todaysEdition } from '../../edition/draft/todays-edition.ts'
import type { Services } from '../../runtime/services.ts'
import { showEdition } from './edition.ts'

/** The edition that the curator works on now, with what needs a person beside it. */
export const todayRoutes: FastifyPluginAsyncZod<Services> = async (app, services) => {
  app.get('/admin', async (_request, reply) =>
    showEdition(services, reply, await todaysEdition(services), { missing: 200 }),
  )
}
