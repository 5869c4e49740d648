import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { Deliverability, readDeliverability } from '../../operate/deliverability.ts'
import { Interests, readInterest } from '../../papers/votes/interest.ts'
import type { Counted } from '../../runtime/db/sums.ts'
import type { Services } from '../../runtime/services.ts'
import { READER_EVENTS, ReaderCounts, readReaderCounts, readReaderDays } from '../../subscription/count-readers.ts'
import { moment } from './fields.ts'

const countedAt = moment.describe('when a worker counted it')
const Insights = z.object({
  interest: Interests.extend({ countedAt }).nullable().describe('of the last 30 days'),
  readers: ReaderCounts.extend({ countedAt }).nullable(),
  deliverability: Deliverability.extend({ countedAt }).nullable().describe('of the last 30 days'),
})
const Days = z.object({
  days: z.array(z.object({ day: z.string(), counts: z.record(z.enum(READER_EVENTS), z.int().min(0)) })),
})
const config = { scopes: ['read'] as const }

/** What the desk's Insights show, for programs: sums over many people. Sums over fewer than five are left out. */
export const insightsApiRoutes: FastifyPluginAsyncZod<Services> = async (app, services) => {
  app.get(
    '/v1/insights',
    {
      config,
      schema: {
        summary: 'Sums of votes, saves, readers and outcomes; null until a worker has counted',
        response: { 200: Insights },
      },
    },
    async () => {
      const [interest, readers, deliverability] = await Promise.all([
        readInterest(services),
        readReaderCounts(services),
        readDeliverability(services),
      ])
      return { interest: stamped(interest), readers: stamped(readers), deliverability: stamped(deliverability) }
    },
  )

  app.get(
    '/v1/insights/readers',
    {
      config,
      schema: {
        summary: 'Sign-ups, confirmations and departures by day, oldest first',
        querystring: z.object({ days: z.coerce.number().int().min(1).max(365).default(30) }),
        response: { 200: Days },
      },
    },
    async ({ query }) => ({ days: await readReaderDays(services, query.days) }),
  )
}

const stamped = <Body extends object>(counted: Counted<Body> | undefined) =>
  counted ? { ...counted.body, countedAt: counted.countedAt.toISOString() } : null
