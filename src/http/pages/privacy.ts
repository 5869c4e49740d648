import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { contactOf } from '../../mail/contact.ts'
import { retentionPeriods } from '../../privacy/retention-periods.ts'
import type { Services } from '../../runtime/services.ts'
import { setCacheControl } from '../kit/cache-control.ts'

/** What this service stores about people, generated from the current configuration. */
export const privacyRoutes: FastifyPluginAsyncZod<Pick<Services, 'config'>> = async (app, { config }) => {
  app.get('/privacy', async ({ reader }, reply) =>
    setCacheControl(reader, reply, 3600).view('privacy', {
      kept: retentionPeriods(config),
      contact: contactOf(config),
      clicks: config.COUNT_CLICKS,
    }),
  )
}
