import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { describeNewsletter } from '../../operate/describe-newsletter.ts'
import { describeSettings } from '../../runtime/config/describe-settings.ts'
import type { Services } from '../../runtime/services.ts'

/** The newsletter's identity, and the settings in force, without their secrets. */
export const settingsRoutes: FastifyPluginAsyncZod<Services> = async (app, { config }) => {
  app.get('/admin/settings', async (_request, reply) =>
    reply.view('admin/settings', { identity: describeNewsletter(config), settings: describeSettings(config) }),
  )
}
