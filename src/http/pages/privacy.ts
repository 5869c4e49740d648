import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { addressOf } from '../../mail/mailbox.ts'
import { retentionPeriods } from '../../privacy/retention-periods.ts'
import type { Services } from '../../runtime/services.ts'

/** What this service stores about people, generated from the current configuration. */
export const privacyRoutes: FastifyPluginAsyncZod<Pick<Services, 'config'>> = async (app, { config }) => {
  app.get('/privacy', async (_request, reply) =>
    reply
      .header('cache-control', 'public, max-age=3600')
      .header('vary', 'accept-language')
      .view('privacy', {
        kept: retentionPeriods(config),
        contact: addressOf(config.REPLY_TO ?? config.MAIL_FROM),
        clicks: config.COUNT_CLICKS,
      }),
  )
}
