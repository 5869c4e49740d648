import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { InboundFilter, listInbound } from '../../inbound/list-reports.ts'
import { AuditFilter, listAudit } from '../../operate/list-audit.ts'
import type { Services } from '../../runtime/services.ts'
import { pageFields, readCursor, writeCursor } from './cursor.ts'
import { moment } from './fields.ts'

const before = z.tuple([z.int().positive()])

const Entry = z.object({ at: moment, actor: z.string(), action: z.string(), target: z.string() })
const Report = z.object({
  receivedAt: moment,
  source: z.string().describe('how it arrived'),
  class: z.string(),
  reason: z.string(),
  did: z.string().describe('what it changed'),
  authority: z.string().nullable().describe('what proves that it is about an email of ours'),
  reader: z.int().nullable(),
  edition: z.string().nullable(),
  status: z.string().nullable(),
  evidence: z.string().describe('words of the report, without addresses'),
})

/** What happened, for programs: the audit log, and reports of bounces and complaints. */
export const recordsApiRoutes: FastifyPluginAsyncZod<Services> = async (app, services) => {
  app.get(
    '/v1/audit',
    {
      config: { scopes: ['read'] },
      schema: {
        summary: 'The audit log, newest first',
        querystring: z.object({ ...AuditFilter.shape, ...pageFields }),
        response: { 200: z.object({ entries: z.array(Entry), next: z.string().optional() }) },
      },
    },
    async ({ query: { cursor, limit, ...filter } }) => {
      const [last] = readCursor('audit', before, cursor) ?? []
      const { entries, next } = await listAudit(services, filter, { before: last, limit })
      return {
        entries: entries.map(({ at, actor, action, target }) => ({ at: at.toISOString(), actor, action, target })),
        next: next === undefined ? undefined : writeCursor('audit', [next]),
      }
    },
  )

  app.get(
    '/v1/reports',
    {
      config: { scopes: ['readers'] },
      schema: {
        summary:
          'Reports of bounces and complaints, newest first. A page may have fewer than its limit, and still a next one',
        querystring: z.object({ ...InboundFilter.shape, ...pageFields }),
        response: { 200: z.object({ reports: z.array(Report), next: z.string().optional() }) },
      },
    },
    async ({ query: { cursor, limit, ...filter } }) => {
      const [last] = readCursor('reports', before, cursor) ?? []
      const { reports, next } = await listInbound(services, filter, { before: last, limit })
      return {
        reports: reports.map(({ receivedAt, subscriberId, ...report }) => ({
          ...report,
          receivedAt: receivedAt.toISOString(),
          reader: subscriberId,
        })),
        next: next === undefined ? undefined : writeCursor('reports', [next]),
      }
    },
  )
}
