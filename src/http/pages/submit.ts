import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { dayOf } from '../../calendar/days.ts'
import { spanAround } from '../../calendar/spans.ts'
import { PaperboyError } from '../../lib/errors.ts'
import { submitPaper } from '../../papers/ingest/submissions.ts'
import { arxivId } from '../../papers/paper-id.ts'
import { recordSubmitter } from '../../papers/votes/cast.ts'
import type { Services } from '../../runtime/services.ts'
import { spanHref } from '../kit/span-href.ts'

/** Suggestions per network in ten minutes. */
const MOST = { max: 10, timeWindow: 10 * 60_000 }

/** Readers suggest papers; the curator decides. */
export const submitRoutes: FastifyPluginAsyncZod<Pick<Services, 'db' | 'now'>> = async (app, services) => {
  const offered = { querystring: z.object({ paper: z.string().max(200).optional().catch(undefined) }) }
  app.get('/submit', { schema: offered }, async ({ query }, reply) => reply.view('submit', { typed: query.paper }))

  const schema = { body: z.object({ paper: z.string().max(2_000).catch('') }).catch({ paper: '' }) }
  app.post('/submit', { schema, onRequest: app.rateLimit(MOST) }, async ({ body: { paper }, reader }, reply) => {
    try {
      const { listDay } = await submitPaper(services, paper)
      // A known reader's vote for their own suggestion does not count.
      const sourceId = listDay ? undefined : arxivId(paper)
      if (reader !== undefined && sourceId)
        await recordSubmitter(services.db, { subscriberId: reader, source: 'arxiv', sourceId })
      // The list of a day to come has no page yet.
      const hasPage = listDay !== undefined && listDay <= dayOf(services.now())
      return reply.redirect(hasPage ? spanHref(spanAround('day', listDay)) : '/submitted', 303)
    } catch (error) {
      if (!(error instanceof PaperboyError && error.code === 'BAD_PAPER')) throw error
      return reply.code(422).view('submit', { typed: paper, problem: true })
    }
  })

  app.get('/submitted', async (_request, reply) => reply.view('submitted'))
}
