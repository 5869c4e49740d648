import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { minuteUtc } from '../../calendar/words.ts'
import { endSession, listOpenSessions, SESSION_HOURS } from '../../operate/admins/sessions.ts'
import { recordAudit } from '../../operate/audit.ts'
import type { Services } from '../../runtime/services.ts'
import { idField } from '../kit/params.ts'
import { actor } from './guard.ts'

/** Who may sign in, and the browsers that are signed in. */
export const sessionRoutes: FastifyPluginAsyncZod<Services> = async (app, services) => {
  app.get('/admin/sessions', async (request, reply) =>
    reply.view('admin/sessions', {
      addresses: services.config.ADMIN_EMAILS,
      hours: SESSION_HOURS,
      sessions: (await listOpenSessions(services)).map(({ id, address, askedAt, begunAt }) => ({
        ...{ id, address },
        at: minuteUtc(begunAt ?? askedAt),
        isLink: begunAt === null,
        isOwn: id === request.admin!.sessionId,
      })),
    }),
  )

  const params = z.object({ id: idField })
  app.post('/admin/sessions/:id/end', { schema: { params } }, async (request, reply) => {
    const by = actor(request)
    await services.db.transaction(async (db) => {
      const address = await endSession({ ...services, db }, request.params.id)
      await recordAudit(db, services.now(), { actor: by, action: 'signed out', target: `a browser of ${address}` })
    })
    return reply.redirect('/admin/sessions', 303)
  })
}
