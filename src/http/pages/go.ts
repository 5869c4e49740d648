import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { isLink, linkOf } from '../../papers/lists/links.ts'
import { countClick } from '../../privacy/clicks.ts'
import type { Services } from '../../runtime/services.ts'
import { pageNotFound } from '../kit/error-pages.ts'

/**
 * A counted link of a mail, on to where it leads: only to what stands in the paper's own row. The same for every reader, so it
 * says nothing about who followed it. Links in mails that were sent while COUNT_CLICKS was on go on leading there.
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
      // A reader is not kept from their paper by a counter.
      await countClick(services, paper, link, visit).catch((error) =>
        services.log.warn({ err: error }, 'click not counted'),
      )
    }
    return reply.redirect(target, 302)
  })
}
