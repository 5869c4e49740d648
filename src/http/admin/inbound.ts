import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { minuteUtc } from '../../calendar/words.ts'
import { INBOUND_ACTIONS, INBOUND_CLASSES, InboundFilter, listInbound } from '../../inbound/list-reports.ts'
import { describeInbound, reportInbound } from '../../inbound/report.ts'
import { editionHref } from '../../operate/attention/attention.ts'
import type { Services } from '../../runtime/services.ts'
import { cursor, formFields, pageHref, setFields } from './list-query.ts'

const fields = formFields(InboundFilter)

/** Bounces, complaints and requests that arrived by email or webhook, and what each one did. */
export const inboundRoutes: FastifyPluginAsyncZod<Services> = async (app, services) => {
  const listing = { querystring: z.object({ before: cursor }).and(fields) }
  app.get('/admin/inbound', { schema: listing }, async ({ query: { before, ...filter } }, reply) => {
    const { reports, next } = await listInbound(services, filter, { before })
    return reply.view('admin/inbound', {
      filter,
      isFiltered: setFields(filter).length > 0,
      summary: describeInbound(await reportInbound(services)),
      classes: INBOUND_CLASSES,
      actions: INBOUND_ACTIONS,
      next: next && pageHref('/admin/inbound', filter, next),
      reports: reports.map(({ receivedAt, status, reply, evidence, editionKind, editionDate, ...report }) => ({
        ...report,
        at: minuteUtc(receivedAt),
        href: editionDate && editionHref({ kind: editionKind as 'daily', date: editionDate }),
        evidence: [status, reply, evidence].filter(Boolean).join(' '),
      })),
    })
  })
}
