import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { plainMoment } from '../../calendar/words.ts'
import { listDeeds } from '../../operate/audit.ts'
import type { Services } from '../../runtime/services.ts'

/** The audit log: manual changes, made here or by a command, and their authors. */
export const deedRoutes: FastifyPluginAsyncZod<Services> = async (app, services) => {
  app.get('/admin/log', async (_request, reply) =>
    reply.view('admin/log', {
      deeds: (await listDeeds(services)).map(({ at, ...deed }) => ({ ...deed, at: plainMoment(at) })),
    }),
  )
}
