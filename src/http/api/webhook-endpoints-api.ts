import type { FastifyRequest } from 'fastify'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { PaperboyError } from '../../lib/errors.ts'
import { withAudit } from '../../operate/audit.ts'
import {
  addEndpoint,
  deleteEndpoint,
  disableEndpoint,
  enableEndpoint,
  listEndpoints,
  queueTest,
  rotateSecret,
} from '../../operate/webhooks/endpoints.ts'
import { WEBHOOK_EVENTS } from '../../operate/webhooks/events.ts'
import type { Db } from '../../runtime/db/database.ts'
import type { Services } from '../../runtime/services.ts'
import { idField } from '../kit/params.ts'
import { moment, NO_CONTENT, nullableMoment } from './fields.ts'
import { keyActor } from './key-actor.ts'

const Endpoint = z.object({
  id: z.int(),
  url: z.string(),
  events: z.array(z.string()),
  includeAddresses: z.boolean(),
  createdAt: moment,
  disabledAt: nullableMoment,
  disabledWhy: z.string().nullable(),
  waiting: z.int().describe('messages to send'),
  failed: z.int().describe('messages that were given up'),
})
const NewEndpoint = z.strictObject({
  url: z.string().max(2_000).describe('https://, without a password'),
  events: z.array(z.enum(WEBHOOK_EVENTS)).min(1).max(50),
  includeAddresses: z.boolean().default(false).describe('send readers’ addresses too'),
})
const Secret = z.object({ id: z.int(), secret: z.string().describe('signs what the endpoint gets') })

/** Actions on an endpoint that answer nothing: what each does, and its name in the audit log. */
const ACTIONS = {
  test: { does: queueTest, done: 'sent a test to', summary: 'Send a test to a webhook endpoint' },
  enable: {
    does: enableEndpoint,
    done: 'enabled',
    summary: 'Enable a webhook endpoint again. What waited is sent',
  },
  disable: {
    does: disableEndpoint,
    done: 'disabled',
    summary: 'Disable a webhook endpoint. No events are recorded for it',
  },
} as const

const params = z.object({ id: idField })
const scopes = ['admin'] as const
const onOne = { scopes, errors: [404] as const }

/** Webhook endpoints, for programs: as on the desk. Events of readers need the scope that reads readers. */
export const webhookEndpointsApiRoutes: FastifyPluginAsyncZod<Services> = async (app, services) => {
  const audited = <T>(request: FastifyRequest, action: string, id: number, act: (db: Db) => Promise<T>): Promise<T> =>
    withAudit(services, { actor: keyActor(request), action, target: `webhook endpoint ${id}` }, act)
  const wake = () => void services.queues.wake('send-webhooks', {})

  app.get(
    '/v1/webhooks',
    {
      config: { scopes },
      schema: {
        summary: 'Webhook endpoints, oldest first, without their secrets',
        response: { 200: z.object({ endpoints: z.array(Endpoint) }) },
      },
    },
    async () => ({
      endpoints: (await listEndpoints(services)).map(({ createdAt, disabledAt, ...endpoint }) => ({
        ...endpoint,
        createdAt: createdAt.toISOString(),
        disabledAt: disabledAt?.toISOString() ?? null,
      })),
    }),
  )

  app.post(
    '/v1/webhooks',
    {
      config: { scopes, secret: true },
      schema: {
        summary: 'Add a webhook endpoint. Its secret is shown once. Events of readers also need the scope readers',
        body: NewEndpoint,
        response: { 201: Secret },
      },
    },
    async (request, reply) => {
      const { body, apiKey } = request
      const isAboutReaders = body.includeAddresses || body.events.some((event) => event.startsWith('reader.'))
      if (isAboutReaders && !apiKey!.scopes.includes('readers'))
        throw new PaperboyError('KEY_LACKS_SCOPE', 'Events of readers need an API key with the scope readers too.')
      const entry = { actor: keyActor(request), action: 'added', target: 'a webhook endpoint' }
      const made = await withAudit(services, entry, (db) => addEndpoint({ ...services, db }, body))
      return reply.code(201).send(made)
    },
  )

  app.delete(
    '/v1/webhooks/:id',
    {
      config: onOne,
      schema: { summary: 'Delete a webhook endpoint, with its messages', params, response: NO_CONTENT },
    },
    async (request, reply) => {
      const { id } = request.params
      await audited(request, 'deleted', id, (db) => deleteEndpoint({ db }, id))
      return reply.code(204).send(null)
    },
  )

  app.post(
    '/v1/webhooks/:id/rotate',
    {
      config: { ...onOne, secret: true },
      schema: {
        summary: 'Make a new secret, shown once. For 24 hours, messages are signed with both',
        params,
        response: { 200: Secret },
      },
    },
    async (request) => {
      const { id } = request.params
      const secret = await audited(request, 'rotated the secret of', id, (db) => rotateSecret({ ...services, db }, id))
      return { id, secret }
    },
  )

  for (const [action, { does, done, summary }] of Object.entries(ACTIONS)) {
    app.post(
      `/v1/webhooks/:id/${action}`,
      { config: onOne, schema: { summary, params, response: NO_CONTENT } },
      async (request, reply) => {
        const { id } = request.params
        await audited(request, done, id, (db): Promise<unknown> => does({ ...services, db }, id))
        wake()
        return reply.code(204).send(null)
      },
    )
  }
}
