import { Readable } from 'node:stream'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { dayOf } from '../../calendar/days.ts'
import { minuteUtc } from '../../calendar/words.ts'
import { withByteOrderMark } from '../../lib/csv/spreadsheet.ts'
import { AUDIT_RETENTION_DAYS, recordAudit } from '../../operate/audit.ts'
import { AuditFilter, exportAudit, listActors, listAudit } from '../../operate/list-audit.ts'
import type { Services } from '../../runtime/services.ts'
import { actor } from './guard.ts'
import { cursor, formFields, pageHref, setFields } from './list-query.ts'

const fields = formFields(AuditFilter)

/** The audit log: manual changes, made here, by a command or the API, and their authors. */
export const auditLogRoutes: FastifyPluginAsyncZod<Services> = async (app, services) => {
  const listing = { querystring: z.object({ before: cursor }).and(fields) }
  app.get('/admin/log', { schema: listing }, async ({ query: { before, ...filter } }, reply) => {
    const { entries, next } = await listAudit(services, filter, { before })
    return reply.view('admin/log', {
      filter,
      fields: setFields(filter),
      days: AUDIT_RETENTION_DAYS,
      actors: await listActors(services),
      entries: entries.map(({ at, ...entry }) => ({ ...entry, at: minuteUtc(at) })),
      next: next && pageHref('/admin/log', filter, next),
    })
  })

  app.post('/admin/log/export', { schema: { body: fields } }, async (request, reply) => {
    await recordAudit(services.db, services.now(), {
      actor: actor(request),
      action: 'exported',
      target: 'the audit log',
    })
    return reply
      .type('text/csv; charset=utf-8')
      .header('content-disposition', `attachment; filename="audit-log-${dayOf(services.now())}.csv"`)
      .send(Readable.from(withByteOrderMark(exportAudit(services, request.body))))
  })
}
