import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { spanNamed } from '../../calendar/spans.ts'
import { PaperboyError } from '../../lib/errors.ts'
import type { Services } from '../../runtime/services.ts'
import { saveTransfer } from '../kit/save-transfer.ts'
import { cachedTrends } from '../pages/cached-topics.ts'
import { named, PaperFacts } from './api-papers.ts'
import { pageAdder } from './named-paper.ts'

const Trends = z.object({
  week: z.string(),
  from: z.string(),
  to: z.string(),
  lastDay: z.string().describe('the newest list day that counts'),
  partial: z.boolean().describe('the week goes on. Every week then counts up to the weekday of `lastDay`'),
  papers: z.number(),
  before: z.number().describe('papers of the week before'),
  mondays: z.array(z.string()),
  fields: z.array(
    z.object({ slug: z.string(), weeks: z.array(z.number()).describe('papers in the weeks of `mondays`') }),
  ),
  risers: z.array(
    PaperFacts.extend({
      votes: z.number().describe('votes at the end of the first two days, or now'),
      readings: z.array(z.object({ hours: z.number().describe('since the list day began, UTC'), votes: z.number() })),
    }),
  ),
  days: z.array(z.object({ day: z.string(), papers: z.number() })),
})
const trended = {
  summary: 'What moved in a week',
  querystring: z.object({ week: named('week', 'YYYY-Www') }),
  response: { 200: Trends },
}

/** What moved in a week, as JSON. */
export const trendsApiRoutes: FastifyPluginAsyncZod<Services> = async (app, services) => {
  await saveTransfer(app)
  const withPage = pageAdder(services.config)
  const readTrends = cachedTrends(services)
  app.get('/v1/trends', { config: { open: true, errors: [404] }, schema: trended }, async ({ query }, reply) => {
    const trends = await readTrends(query.week === undefined ? undefined : spanNamed('week', query.week))
    if (!trends) throw new PaperboyError('PAPER_NOT_FOUND', 'There are no papers in this week.')
    const { week, risers, previous: _previous, next: _next, ...facts } = trends
    const { key, from, to } = week
    return reply.headers({ 'cache-control': 'public, max-age=60' }).send({
      week: key,
      from,
      to,
      ...facts,
      risers: risers.map(({ paper, votes, readings }) => ({ ...withPage(paper), votes, readings })),
    })
  })
}
