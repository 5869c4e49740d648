import type { FastifyReply, FastifyRequest } from 'fastify'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { plainMoment } from '../../calendar/words.ts'
import { PaperboyError } from '../../lib/errors.ts'
import { withAudit } from '../../operate/audit.ts'
import {
  addEndpointOnce,
  deleteEndpoint,
  disableEndpoint,
  enableEndpoint,
  listEndpoints,
  queueTest,
  rotateSecret,
} from '../../operate/webhooks/endpoints.ts'
import { WEBHOOK_EVENTS } from '../../operate/webhooks/events.ts'
import { type ListedMessage, listMessages, MESSAGE_DAYS, replayMessage } from '../../operate/webhooks/messages.ts'
import type { Db } from '../../runtime/db/database.ts'
import type { Services } from '../../runtime/services.ts'
import { idField } from '../kit/params.ts'
import { actor } from './guard.ts'
import { several } from './list-query.ts'

const events = several(z.enum(WEBHOOK_EVENTS))

/** Actions on an endpoint: what each does, and its name in the audit log. `rotate` returns the new secret. */
const ACTIONS = {
  test: { does: queueTest, done: 'sent a test to' },
  rotate: { does: rotateSecret, done: 'rotated the secret of' },
  enable: { does: enableEndpoint, done: 'enabled' },
  disable: { does: disableEndpoint, done: 'disabled' },
  delete: { does: deleteEndpoint, done: 'deleted' },
} as const
type Action = keyof typeof ACTIONS

/** Webhook endpoints: add, test, rotate, disable, and the attempts of each message. */
export const adminWebhookRoutes: FastifyPluginAsyncZod<Services> = async (app, services) => {
  app.get('/admin/webhooks', async (_request, reply) => show(services, reply))

  const adding = {
    body: z.object({
      url: z.string().trim().catch(''),
      events,
      addresses: z.literal('yes').optional().catch(undefined),
    }),
  }
  app.post('/admin/webhooks', { schema: adding }, async (request, reply) => {
    const { url, events: wanted, addresses } = request.body
    const entry = { actor: actor(request), action: 'added', target: 'a webhook endpoint' }
    try {
      const add = (db: Db) =>
        addEndpointOnce({ ...services, db }, { url, events: wanted, includeAddresses: addresses === 'yes' })
      const made = await withAudit(services, entry, add, ({ isFirst }) => isFirst)
      void services.queues.wake('send-webhooks', {})
      return await show(services, reply, { made })
    } catch (error) {
      if (!(error instanceof PaperboyError && error.code === 'BAD_WEBHOOK')) throw error
      return show(services, reply.code(422), { problem: error.message, typed: request.body })
    }
  })

  const acting = {
    params: z.object({ id: idField, action: z.enum(Object.keys(ACTIONS) as [Action, ...Action[]]) }),
    body: z.object({ sure: z.literal('yes').optional().catch(undefined) }).catch({}),
  }
  app.post('/admin/webhooks/:id/:action', { schema: acting }, async (request, reply) => {
    const { id: endpoint, action } = request.params
    if (action === 'delete' && request.body.sure !== 'yes') return show(services, reply.code(422), { unsure: endpoint })
    const { does, done } = ACTIONS[action]
    const secret = await audited(services, request, `${done}`, endpoint, (db) => does({ ...services, db }, endpoint))
    if (typeof secret === 'string') return show(services, reply, { made: { id: endpoint, secret } })
    if (action === 'test' || action === 'enable') void services.queues.wake('send-webhooks', {})
    return reply.redirect('/admin/webhooks', 303)
  })

  const replaying = { params: z.object({ id: idField, message: idField }) }
  app.post('/admin/webhooks/:id/messages/:message/replay', { schema: replaying }, async (request, reply) => {
    const { id: endpoint, message } = request.params
    const done = `sent message ${message} again to`
    await audited(services, request, done, endpoint, (db) => replayMessage({ ...services, db }, endpoint, message))
    void services.queues.wake('send-webhooks', {})
    return reply.redirect('/admin/webhooks', 303)
  })
}

const audited = (
  services: Services,
  request: FastifyRequest,
  action: string,
  endpoint: number,
  act: (db: Db) => Promise<unknown>,
): Promise<unknown> =>
  withAudit(services, { actor: actor(request), action, target: `webhook endpoint ${endpoint}` }, act)

async function show(services: Services, reply: FastifyReply, more: object = {}) {
  const endpoints = await Promise.all(
    (await listEndpoints(services)).map(async ({ previousUntil, disabledAt, ...endpoint }) => ({
      ...endpoint,
      host: new URL(endpoint.url).host,
      overlap: previousUntil && previousUntil > services.now() ? plainMoment(previousUntil) : '',
      disabled: disabledAt ? plainMoment(disabledAt) : '',
      messages: (await listMessages(services, endpoint.id)).map(messageRow),
    })),
  )
  return reply.view('admin/webhooks', { endpoints, events: WEBHOOK_EVENTS, days: MESSAGE_DAYS, ...more })
}

const messageRow = ({
  id: number,
  event,
  occurredAt,
  state,
  attempts,
  attemptedAt,
  dueAt,
  status,
  failure,
}: ListedMessage) => ({
  id: number,
  event,
  state,
  attempts,
  occurred: plainMoment(occurredAt),
  last: attemptedAt ? plainMoment(attemptedAt) : 'not yet',
  result: failure ?? (status === null ? '' : String(status)),
  next: state === 'waiting' && attempts > 0 ? plainMoment(dueAt) : '',
})
