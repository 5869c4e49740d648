import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import type { Services } from '../../runtime/services.ts'
import { setCacheControl } from '../kit/cache-control.ts'

/** Who chooses the papers, how they are ordered, and which text is machine-written. */
export const aboutRoutes: FastifyPluginAsyncZod<Pick<Services, 'config'>> = async (app, { config }) => {
  app.get('/about', async ({ reader }, reply) =>
    setCacheControl(reader, reply, 3600).view('about', {
      hour: `${String(config.EDITION_CLOSE_HOUR_UTC).padStart(2, '0')}:00`,
      huggingFace: config.PAPER_SOURCES.includes('hf'),
    }),
  )
}
