import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import type { Services } from '../../runtime/services.ts'

/** Who chooses the papers, how they are ordered, and which text is machine-written. */
export const aboutRoutes: FastifyPluginAsyncZod<Pick<Services, 'config'>> = async (app, { config }) => {
  app.get('/about', async (_request, reply) =>
    reply.headers({ 'cache-control': 'public, max-age=3600', vary: 'accept-language, cookie' }).view('about', {
      hour: `${String(config.EDITION_CLOSE_HOUR_UTC).padStart(2, '0')}:00`,
      huggingFace: config.PAPER_SOURCES.includes('hf'),
    }),
  )
}
