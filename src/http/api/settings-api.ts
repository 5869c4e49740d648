import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { describeNewsletter } from '../../operate/describe-newsletter.ts'
import { describeSettings } from '../../runtime/config/describe-settings.ts'
import type { Services } from '../../runtime/services.ts'

const Settings = z.object({
  identity: z.array(z.object({ name: z.string(), value: z.string() })),
  settings: z.array(
    z.object({
      name: z.string(),
      value: z.string().describe('empty when not set; secrets are hidden'),
      isDefault: z.boolean(),
    }),
  ),
})

/** The settings in force, for programs. */
export const settingsApiRoutes: FastifyPluginAsyncZod<Services> = async (app, services) => {
  app.get(
    '/v1/settings',
    {
      config: { scopes: ['admin'] },
      schema: { summary: 'The newsletter’s identity and the settings in force', response: { 200: Settings } },
    },
    async () => ({
      identity: describeNewsletter(services.config),
      settings: describeSettings(services.config),
    }),
  )
}
