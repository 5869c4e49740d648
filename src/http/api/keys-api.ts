import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import {
  createApiKey,
  DEFAULT_DAYS,
  DEFAULT_PER_MINUTE,
  listApiKeys,
  MAX_KEY_NAME,
  MAX_KEY_NUMBER,
  revokeApiKey,
  SCOPES,
} from '../../operate/api-keys.ts'
import { withAudit } from '../../operate/audit.ts'
import type { Services } from '../../runtime/services.ts'
import { idField } from '../kit/params.ts'
import { moment, NO_CONTENT, nullableMoment } from './fields.ts'
import { keyActor } from './key-actor.ts'

const scope = z.enum(SCOPES)
const Key = z.object({
  id: z.int(),
  name: z.string(),
  hint: z.string().describe('its first characters'),
  scopes: z.array(scope),
  perMinute: z.int(),
  state: z.enum(['active', 'expired', 'revoked']),
  createdAt: moment,
  createdBy: z.string(),
  expiresAt: nullableMoment,
  lastUsedOn: z.string().nullable().describe('a day'),
})
const NewKey = z.strictObject({
  name: z.string().trim().min(1).max(MAX_KEY_NAME),
  scopes: z.array(scope).min(1).max(20).describe('of those that your own key has'),
  days: z.int().min(1).max(3650).default(DEFAULT_DAYS).describe('until it expires; your own key’s end at the latest'),
  perMinute: z
    .int()
    .min(1)
    .max(MAX_KEY_NUMBER)
    .default(DEFAULT_PER_MINUTE)
    .describe('requests per minute; those of your own key at most'),
})
const scopes = ['admin'] as const

/** Keys of the API, managed by a key. One gives another at most what it has itself, and is revoked with those that it made. */
export const keysApiRoutes: FastifyPluginAsyncZod<Services> = async (app, services) => {
  app.get(
    '/v1/keys',
    {
      config: { scopes },
      schema: {
        summary: 'API keys, newest first, without their secrets',
        response: { 200: z.object({ keys: z.array(Key) }) },
      },
    },
    async () => ({
      keys: (await listApiKeys(services)).map(({ createdAt, expiresAt, ...key }) => ({
        ...key,
        createdAt: createdAt.toISOString(),
        expiresAt: expiresAt?.toISOString() ?? null,
      })),
    }),
  )

  app.post(
    '/v1/keys',
    {
      config: { scopes, secret: true },
      schema: {
        summary: 'Create an API key, with at most the scopes, the rate and the time of your own. It is shown once',
        body: NewKey,
        response: { 201: z.object({ id: z.int(), key: z.string() }) },
      },
    },
    async (request, reply) => {
      const createdBy = keyActor(request)
      const wanted = { ...request.body, createdBy, madeBy: request.apiKey! }
      const entry = { actor: createdBy, action: 'created', target: `the API key ${JSON.stringify(wanted.name)}` }
      const made = await withAudit(services, entry, (db) => createApiKey({ ...services, db }, wanted))
      return reply.code(201).send(made)
    },
  )

  app.delete(
    '/v1/keys/:id',
    {
      config: { scopes, errors: [404] },
      schema: {
        summary: 'Revoke an API key at once, with the keys that it made',
        params: z.object({ id: idField }),
        response: NO_CONTENT,
      },
    },
    async (request, reply) => {
      const { id } = request.params
      const entry = { actor: keyActor(request), action: 'revoked', target: `API key ${id}` }
      await withAudit(services, entry, (db) => revokeApiKey({ ...services, db }, id))
      return reply.code(204).send(null)
    },
  )
}
