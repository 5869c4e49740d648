import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { withAudit } from '../../operate/audit.ts'
import { checkEndpoint } from '../../operate/webhooks/endpoints.ts'
import { listMessages, replayMessage } from '../../operate/webhooks/messages.ts'
import type { Services } from '../../runtime/services.ts'
import { idField } from '../kit/params.ts'
import { pageFields, readCursor, writeCursor } from './cursor.ts'
import { moment, NO_CONTENT, nullableMoment } from './fields.ts'
import { keyActor } from './key-actor.ts'

const Message = z.object({
  id: z.int(),
  event: z.string(),
  occurredAt: moment,
  state: z.enum(['waiting', 'sent', 'failed']),
  attempts: z.int(),
  attemptedAt: nullableMoment,
  status: z.int().nullable().describe('the HTTP status of the last attempt'),
  failure: z.string().nullable(),
})
const params = z.object({ id: idField })
const scopes = ['admin'] as const

/** Messages to a webhook endpoint, and sending one again, for programs. */
export const webhookMessagesApiRoutes: FastifyPluginAsyncZod<Services> = async (app, services) => {
  app.get(
    '/v1/webhooks/:id/messages',
    {
      config: { scopes, errors: [404] },
      schema: {
        summary: 'Messages of a webhook endpoint with their last attempts, newest first',
        params,
        querystring: z.object(pageFields),
        response: { 200: z.object({ messages: z.array(Message), next: z.string().optional() }) },
      },
    },
    async ({ params: { id }, query: { cursor, limit } }) => {
      const [before] = readCursor(`messages ${id}`, z.tuple([z.int().positive()]), cursor) ?? []
      await checkEndpoint(services, id)
      const rows = await listMessages(services, id, { before, limit })
      const end = rows.length === limit ? rows.at(-1) : undefined
      return {
        messages: rows.map(({ occurredAt, attemptedAt, dueAt: _, ...message }) => ({
          ...message,
          occurredAt: occurredAt.toISOString(),
          attemptedAt: attemptedAt?.toISOString() ?? null,
        })),
        next: end && writeCursor(`messages ${id}`, [end.id]),
      }
    },
  )

  app.post(
    '/v1/webhooks/:id/messages/:message/replay',
    {
      config: { scopes, errors: [404] },
      schema: {
        summary: 'Send a message again, with the same id and content',
        params: params.extend({ message: idField }),
        response: NO_CONTENT,
      },
    },
    async (request, reply) => {
      const { id, message } = request.params
      const done = `sent message ${message} again to`
      const entry = { actor: keyActor(request), action: done, target: `webhook endpoint ${id}` }
      await withAudit(services, entry, (db) => replayMessage({ ...services, db }, id, message))
      void services.queues.wake('send-webhooks', {})
      return reply.code(204).send(null)
    },
  )
}
