import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { isDay } from '../../calendar/days.ts'
import { fullDay, plainDay } from '../../calendar/words.ts'
import { listEditions, readEdition } from '../../edition/compose/archive.ts'
import { PaperboyError } from '../../lib/errors.ts'
import type { Services } from '../../runtime/services.ts'
import { mailDocumentHeaders, securityHeaders } from '../kit/security.ts'

const CACHE_CONTROL = 'public, max-age=300'

/** The archive: editions as they were emailed, without personal parts. */
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
    return reply.header('cache-control', CACHE_CONTROL).view('editions', { editions })
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
    // This is the email's HTML, so its policy allows inline styles and nothing else.
    await reply.helmet({ ...securityHeaders(services.config), ...mailDocumentHeaders } as never)
    return reply
      .header('cache-control', CACHE_CONTROL)
      .header('content-language', edition.locale)
      .header('vary', 'accept-language')
      .type('text/html; charset=utf-8')
      .send(edition.html)
  })
}
