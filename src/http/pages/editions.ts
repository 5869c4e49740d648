import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { isDay } from '../../calendar/days.ts'
import { fullDay, plainDay } from '../../calendar/words.ts'
import { listEditions, readEdition } from '../../edition/compose/archive.ts'
import { PaperboyError } from '../../lib/errors.ts'
import type { Services } from '../../runtime/services.ts'
import { mailDocumentHeaders, securityHeaders } from '../kit/security.ts'

const KEEP = 'public, max-age=300'

/** The archive: the editions as they were mailed, without anything personal. */
export const editionRoutes: FastifyPluginAsyncZod<Services> = async (app, services) => {
  app.get('/editions', async (_request, reply) => {
    const { t } = reply.locals!
    const editions = (await listEditions(services)).map((edition) => ({
      href: `/editions/${edition.date}${edition.kind === 'weekly' ? '?kind=weekly' : ''}`,
      name:
        edition.kind === 'weekly' ? t.editions.weekOf(plainDay(edition.date, t.intl)) : fullDay(edition.date, t.intl),
      subject: edition.subject?.replace(/ · Trending papers, .*$/, '') ?? '',
      count: t.common.papers(edition.papers),
    }))
    return reply.header('cache-control', KEEP).view('editions', { editions })
  })

  const schema = {
    params: z.object({ date: z.string() }),
    querystring: z.object({ kind: z.enum(['daily', 'weekly']).catch('daily') }),
  }
  app.get('/editions/:date', { schema }, async ({ params, query }, reply) => {
    const edition = isDay(params.date)
      ? await readEdition(services, params.date, query.kind, reply.locals?.locale)
      : undefined
    if (!edition) throw new PaperboyError('EDITION_NOT_FOUND', 'There is no edition of this day in the archive.')
    // The document is the mail's own, so it comes with a policy of its own: inline style, and nothing else.
    await reply.helmet({ ...securityHeaders(services.config), ...mailDocumentHeaders } as never)
    return reply
      .header('cache-control', KEEP)
      .header('content-language', edition.locale)
      .header('vary', 'accept-language')
      .type('text/html; charset=utf-8')
      .send(edition.html)
  })
}
