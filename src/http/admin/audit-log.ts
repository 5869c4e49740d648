import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { plainMoment } from '../../calendar/words.ts'
import { listAuditEntries } from '../../operate/audit.ts'
import type { Services } from '../../runtime/services.ts'

/** The audit log: manual changes, made here or by a command, and their authors. */
export const auditLogRoutes: FastifyPluginAsyncZod<Services> = async (app, services) => {
  app.get('/admin/log', async (_request, reply) =>
    reply.view('admin/log', {
      entries: (await listAuditEntries(services)).map(({ at, ...entry }) => ({ ...entry, at: plainMoment(at) })),
    }),
  )
}
