import type { FastifyReply } from 'fastify'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { dayOf, isDay } from '../../calendar/days.ts'
import { minuteUtc, plainDay } from '../../calendar/words.ts'
import { counted } from '../../lib/counted.ts'
import { recordAudit } from '../../operate/audit.ts'
import { findGaps } from '../../papers/ingest/source-gaps.ts'
import { reportSources, SOURCE_STATE_WORDS } from '../../papers/ingest/source-health.ts'
import { namesOfSources } from '../../runtime/config/source-names.ts'
import type { Services } from '../../runtime/services.ts'
import { actor } from './guard.ts'

const GAP_WORDS = { 'not read': 'not read', empty: 'no papers on a working day' }

/** The sources of papers: their state, gaps in their reads, and a read at once. */
export const sourceRoutes: FastifyPluginAsyncZod<Services> = async (app, services) => {
  const asked = { querystring: z.object({ asked: z.string().max(40).optional().catch(undefined) }) }
  app.get('/admin/sources', { schema: asked }, async ({ query }, reply) => show(reply, { asked: query.asked }))

  async function show(reply: FastifyReply, { asked, bad }: { asked?: string | undefined; bad?: object }) {
    const reports = await reportSources(services)
    return reply.view('admin/sources', {
      asked: reports.find(({ source }) => source === asked)?.source,
      bad,
      today: dayOf(services.now()),
      sources: await Promise.all(
        reports.map(async (report) => {
          const { days, pauses } = await findGaps(services, report.source)
          const moment = (at: Date | null) => at && minuteUtc(at)
          return {
            ...{ name: report.source, state: report.state, says: SOURCE_STATE_WORDS[report.state] },
            facts: [
              ['Last read', moment(report.readAt) ?? 'never'],
              ['Last change', moment(report.changedAt)],
              ['Papers today', report.papersToday.toLocaleString('en')],
              ['List is still of', report.stillOn && plainDay(report.stillOn)],
              ['Failing since', moment(report.failingSince)],
              ['Reply', report.failure],
            ].filter(([, value]) => value),
            days: days.map(({ day, why }) => ({ day, name: plainDay(day), why: GAP_WORDS[why] })),
            pauses: pauses.map(
              ({ from, to, hours }) => `${minuteUtc(from)} to ${minuteUtc(to)}, ${counted(hours, 'hour')}`,
            ),
          }
        }),
      ),
    })
  }

  const fetching = {
    params: z.object({ source: z.string().max(40) }),
    body: z.object({ day: z.string().catch('') }).catch({ day: '' }),
  }
  app.post('/admin/sources/:source/fetch', { schema: fetching }, async (request, reply) => {
    const { source } = request.params
    if (!namesOfSources(services.config).includes(source)) return reply.callNotFound()
    const day = request.body.day || dayOf(services.now())
    if (!isDay(day)) return show(reply.code(422), { bad: { source, typed: day } })
    await recordAudit(services.db, services.now(), {
      actor: actor(request),
      action: 'asked for a read of',
      target: `${source}, ${day}`,
    })
    void services.queues.wake('collect-papers', { source, day })
    return reply.redirect(`/admin/sources?${new URLSearchParams({ asked: source })}`, 303)
  })
}
