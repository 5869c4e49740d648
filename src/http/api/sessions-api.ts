import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { endSession, listOpenSessions } from '../../operate/admins/sessions.ts'
import { recordAudit } from '../../operate/audit.ts'
import type { Services } from '../../runtime/services.ts'
import { idField } from '../kit/params.ts'
import { moment, NO_CONTENT } from './fields.ts'
import { keyActor } from './key-actor.ts'

const Session = z.object({
  id: z.int(),
  address: z.string(),
  since: moment,
  state: z.enum(['signed in', 'unused link']),
})
const scopes = ['admin'] as const

/** Who is signed in to the desk, for programs. */
export const sessionsApiRoutes: FastifyPluginAsyncZod<Services> = async (app, services) => {
  app.get(
    '/v1/sessions',
    {
      config: { scopes },
      schema: {
        summary: 'Browsers that are signed in to the desk, and unused links, newest first',
        response: { 200: z.object({ sessions: z.array(Session) }) },
      },
    },
    async () => ({
      sessions: (await listOpenSessions(services)).map(({ id, address, askedAt, begunAt }) => ({
        ...{ id, address },
        since: (begunAt ?? askedAt).toISOString(),
        state: begunAt ? ('signed in' as const) : ('unused link' as const),
      })),
    }),
  )

  app.delete(
    '/v1/sessions/:id',
    {
      config: { scopes, errors: [404] },
      schema: {
        summary: 'Sign a browser out of the desk, or end an unused link',
        params: z.object({ id: idField }),
        response: NO_CONTENT,
      },
    },
    async (request, reply) => {
      const actor = keyActor(request)
      await services.db.transaction(async (db) => {
        const address = await endSession({ ...services, db }, request.params.id)
        await recordAudit(db, services.now(), { actor, action: 'signed out', target: `a browser of ${address}` })
      })
      return reply.code(204).send(null)
    },
  )
}
