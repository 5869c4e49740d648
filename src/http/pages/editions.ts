import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { isDay } from '../../calendar/days.ts'
import { listEditions, readEdition } from '../../edition/compose/archive.ts'
import { newestEdition, readEditionList } from '../../edition/compose/edition-list.ts'
import { findEdition } from '../../edition/draft/control.ts'
import { readNotices } from '../../edition/draft/publish-notice.ts'
import { PaperboyError } from '../../lib/errors.ts'
import { readable } from '../../papers/readable.ts'
import { readJudged } from '../../papers/votes/judged.ts'
import type { Services } from '../../runtime/services.ts'
import { setCacheControl } from '../kit/cache-control.ts'
import { mailDocumentHeaders, securityHeaders } from '../kit/security.ts'
import { editionName, editionPage, editionPath } from './edition-page.ts'

const MAX_AGE = 300

/** The archive: each edition as a page, and as it was emailed, without personal parts. */
export const editionRoutes: FastifyPluginAsyncZod<Services> = async (app, services) => {
  const paged = { querystring: z.object({ after: z.string().optional().catch(undefined) }) }
  app.get('/editions', { schema: paged }, async ({ query: { after }, reader }, reply) => {
    const { t } = reply.locals!
    const { editions, next } = await listEditions(services, t, after)
    // Nothing is behind the oldest edition.
    if (after && editions.length === 0) return reply.redirect('/editions')
    return setCacheControl(reader, reply, MAX_AGE).view('editions', {
      canonical: after ? archiveHref(after) : '/editions',
      editions: editions.map(({ kind, date, about, papers }) => ({
        href: editionPath(kind, date),
        name: editionName(kind, date, t),
        about,
        count: t.common.papers(papers),
      })),
      paging: (after || next) && {
        label: t.list.pages,
        start: after && { href: '/editions', label: t.list.fromTheTop },
        next: next && { href: archiveHref(next), label: t.editions.older },
      },
    })
  })

  app.get('/editions/latest', async (_request, reply) => {
    const date = await newestEdition(services)
    return reply.redirect(date ? editionPath('daily', date) : '/editions')
  })

  const schema = {
    params: z.object({ date: z.string() }),
    querystring: z.object({ kind: z.enum(['daily', 'weekly']).catch('daily') }),
  }
  app.get('/editions/:date', { schema }, async ({ params, query, reader }, reply) => {
    const edition = isDay(params.date) ? await readEditionList(services, params.date, query.kind) : undefined
    if (!edition) throw notInArchive()
    const judged = await readJudged(services.db, reader, edition.papers)
    const path = editionPath(edition.kind, edition.date)
    const key = { kind: edition.kind, date: edition.date }
    const [{ sponsor }, notices] = await Promise.all([findEdition(services, key), readNotices(services, key)])
    const shown = editionPage(edition, services.config.CURATOR_NAME, { t: reply.locals!.t, ...judged, path })
    const page = { ...shown, sponsor, corrections: notices.map(({ words }) => readable(words)) }
    return setCacheControl(reader, reply, MAX_AGE).view('edition', page)
  })

  app.get('/editions/:date/email', { schema }, async ({ params, query }, reply) => {
    const edition = isDay(params.date)
      ? await readEdition(services, params.date, query.kind, reply.locals?.locale)
      : undefined
    if (!edition) throw notInArchive()
    // This is the email's HTML, so its policy allows inline styles and nothing else.
    await reply.helmet({ ...securityHeaders(services.config), ...mailDocumentHeaders } as never)
    return reply
      .header('cache-control', `public, max-age=${MAX_AGE}`)
      .header('content-language', edition.locale)
      .header('vary', 'accept-language, cookie')
      .header('link', `<${services.config.PUBLIC_URL}${editionPath(query.kind, params.date)}>; rel="canonical"`)
      .type('text/html; charset=utf-8')
      .send(edition.html)
  })
}

const archiveHref = (after: string): string => `/editions?after=${encodeURIComponent(after)}`

const notInArchive = () => new PaperboyError('EDITION_NOT_FOUND', 'There is no edition of this day in the archive.')
