import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { dayField } from '../../calendar/day-field.ts'
import { dayOf } from '../../calendar/days.ts'
import { PaperboyError } from '../../lib/errors.ts'
import { recordAudit } from '../../operate/audit.ts'
import { findGaps } from '../../papers/ingest/source-gaps.ts'
import { reportSources, SOURCE_STATES } from '../../papers/ingest/source-health.ts'
import { namesOfSources } from '../../runtime/config/source-names.ts'
import type { Services } from '../../runtime/services.ts'
import { moment, nullableMoment } from './fields.ts'
import { keyActor } from './key-actor.ts'

const Source = z.object({
  source: z.string(),
  state: z.enum(SOURCE_STATES),
  readAt: nullableMoment,
  changedAt: nullableMoment.describe('when a read last changed anything'),
  failingSince: nullableMoment,
  failure: z.string().nullable(),
  papersToday: z.int(),
  gaps: z.array(z.object({ day: z.string(), why: z.enum(['not read', 'empty']) })).describe('of the last two weeks'),
  pauses: z.array(z.object({ from: moment, to: moment })).describe('times without a read, of more than three hours'),
})

/** The sources of papers, for programs: their state, gaps in their reads, and a read at once. */
export const sourcesApiRoutes: FastifyPluginAsyncZod<Services> = async (app, services) => {
  app.get(
    '/v1/sources',
    {
      config: { scopes: ['read'] },
      schema: {
        summary: 'Sources of papers: their state, and gaps in their reads',
        response: { 200: z.object({ sources: z.array(Source) }) },
      },
    },
    async () => {
      const reports = await reportSources(services)
      const iso = (at: Date | null) => at?.toISOString() ?? null
      const sources = reports.map(async ({ readAt, changedAt, failingSince, stillOn: _, ...report }) => {
        const { days, pauses } = await findGaps(services, report.source)
        return {
          ...report,
          ...{ readAt: iso(readAt), changedAt: iso(changedAt), failingSince: iso(failingSince) },
          gaps: days,
          pauses: pauses.map(({ from, to }) => ({ from: from.toISOString(), to: to.toISOString() })),
        }
      })
      return { sources: await Promise.all(sources) }
    },
  )

  app.post(
    '/v1/sources/:source/fetch',
    {
      config: { scopes: ['editions'], errors: [404] },
      schema: {
        summary: 'Ask a worker to read a source now: today’s list, or that of a day',
        params: z.object({ source: z.string().max(40) }),
        body: z.strictObject({ date: dayField.optional() }).optional(),
        response: { 202: z.object({ source: z.string(), day: z.string() }) },
      },
    },
    async (request, reply) => {
      const { source } = request.params
      if (!namesOfSources(services.config).includes(source))
        throw new PaperboyError('NOT_FOUND', `There is no source "${source}".`)
      const day = request.body?.date ?? dayOf(services.now())
      const entry = { actor: keyActor(request), action: 'asked for a read of', target: `${source}, ${day}` }
      await recordAudit(services.db, services.now(), entry)
      void services.queues.wake('collect-papers', { source, day })
      return reply.code(202).send({ source, day })
    },
  )
}
