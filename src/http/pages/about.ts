import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { textIn } from '../../runtime/config/newsletter.ts'
import type { Services } from '../../runtime/services.ts'
import { setCacheControl } from '../kit/cache-control.ts'
import { markdownHtml } from '../kit/markdown.ts'

/** Who chooses the papers, how they are ordered, and which text is machine-written. */
export const aboutRoutes: FastifyPluginAsyncZod<Pick<Services, 'config'>> = async (app, { config }) => {
  const { newsletter } = config
  app.get('/about', async ({ reader }, reply) => {
    const about = textIn(newsletter.about, reply.locals!.locale, newsletter)
    return setCacheControl(reader, reply, 3600).view('about', {
      about: about && markdownHtml(about),
      hour: `${String(config.EDITION_CLOSE_HOUR_UTC).padStart(2, '0')}:00`,
      huggingFace: config.PAPER_SOURCES.includes('hf'),
    })
  })
}
