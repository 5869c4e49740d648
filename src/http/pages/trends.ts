import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { spanNamed } from '../../calendar/spans.ts'
import type { Services } from '../../runtime/services.ts'
import { setCacheControl } from '../kit/cache-control.ts'
import { cachedTrends } from './cached-topics.ts'
import { trendsPage } from './trends-page.ts'

/** What moved in a week: topics, risers and papers a day. */
export const trendRoutes: FastifyPluginAsyncZod<Services> = async (app, services) => {
  const read = cachedTrends(services)

  const schema = { querystring: z.object({ week: z.string().optional().catch('') }) }
  app.get('/trends', { schema }, async (request, reply) => {
    const { t } = reply.locals!
    const { week } = request.query
    const span = week === undefined ? undefined : spanNamed('week', week)
    const trends = week === undefined || span ? await read(span) : undefined
    if (trends)
      return setCacheControl(request.reader, reply, 300).view(
        'trends',
        trendsPage(trends, t, { isNewest: week === undefined }),
      )
    if (week === undefined)
      return setCacheControl(request.reader, reply).view('message', { heading: t.trends.name, text: t.trends.none })
    return reply.code(404).view('message', {
      heading: t.trends.noWeek,
      text: t.trends.noWeekText,
      links: [{ href: '/trends', label: t.trends.newest }],
    })
  })
}
