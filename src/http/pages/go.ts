import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { isLink, linkOf } from '../../papers/lists/links.ts'
import { countClick } from '../../privacy/clicks.ts'
import type { Services } from '../../runtime/services.ts'
import { pageNotFound } from '../kit/error-pages.ts'

/**
 * Redirects a counted link of an email to a URL of the paper's row, and nowhere else. The link is the same for every reader, so
 * it does not identify them. Links in sent emails keep working after COUNT_CLICKS is turned off.
 */
export const goRoutes: FastifyPluginAsyncZod<Pick<Services, 'db' | 'config' | 'now' | 'log'>> = async (
  app,
  services,
) => {
  const schema = { params: z.object({ paper: z.coerce.number().int().positive(), link: z.string().refine(isLink) }) }
  app.get('/go/:paper/:link', { schema, exposeHeadRoute: true }, async (request, reply) => {
    const { paper, link } = request.params
    const target = await linkOf(services.db, paper, link)
    if (!target) return pageNotFound(request, reply)
    if (services.config.COUNT_CLICKS) {
      const { headers, method } = request
      const purpose = [headers['sec-purpose'], headers.purpose].flat().join(' ')
      const visit = { method, userAgent: headers['user-agent'], purpose }
      // A failing counter must not keep readers from the paper.
      await countClick(services, paper, link, visit).catch((error) =>
        services.log.warn({ err: error }, 'click not counted'),
      )
    }
    return reply.redirect(target, 302)
  })
}
