import type { FastifyReply } from 'fastify'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { plainDay, plainMoment } from '../../calendar/words.ts'
import {
  createApiKeyOnce,
  DEFAULT_DAYS,
  DEFAULT_PER_MINUTE,
  listApiKeys,
  MAX_KEY_NAME,
  MAX_KEY_NUMBER,
  revokeApiKey,
  SCOPES,
} from '../../operate/api-keys.ts'
import { withAudit } from '../../operate/audit.ts'
import type { Db } from '../../runtime/db/database.ts'
import type { Services } from '../../runtime/services.ts'
import { idField } from '../kit/params.ts'
import { actor } from './guard.ts'
import { several } from './list-query.ts'

/** A number as it was typed, so that a form with a problem shows it again. */
const typedNumber = (fallback: number) => z.string().trim().default(String(fallback)).catch('')

const SCOPE_WORDS = {
  read: 'Read editions, deliveries, submissions and the status. No reader’s data',
  editions: 'Curate, release, pause and cancel editions; decide on submissions',
  readers: 'Read and change readers and suppressions, with their addresses',
  admin: 'Manage API keys, webhooks and sessions, and read the settings',
} satisfies Record<(typeof SCOPES)[number], string>

/** Keys of the API: create, list, revoke. A key is shown once, on the page that answers its form. */
export const adminApiKeyRoutes: FastifyPluginAsyncZod<Services> = async (app, services) => {
  app.get('/admin/keys', async (_request, reply) => show(reply))

  const creating = {
    body: z.object({
      name: z.string().trim().catch(''),
      scopes: several(z.enum(SCOPES)),
      days: typedNumber(DEFAULT_DAYS),
      perMinute: typedNumber(DEFAULT_PER_MINUTE),
    }),
  }
  app.post('/admin/keys', { schema: creating }, async (request, reply) => {
    const { body } = request
    const problem = problemOf(body)
    if (problem) return show(reply.code(422), { problem, typed: body })
    const createdBy = actor(request)
    const entry = { actor: createdBy, action: 'created', target: `the API key ${JSON.stringify(body.name)}` }
    const make = (db: Db) =>
      createApiKeyOnce(
        { ...services, db },
        { ...body, days: Number(body.days), perMinute: Number(body.perMinute), createdBy },
      )
    const made = await withAudit(services, entry, make, ({ isFirst }) => isFirst)
    return show(reply, { made })
  })

  const revoking = { params: z.object({ id: idField }) }
  app.post('/admin/keys/:id/revoke', { schema: revoking }, async (request, reply) => {
    const { id } = request.params
    const entry = { actor: actor(request), action: 'revoked', target: `API key ${id}` }
    await withAudit(services, entry, (db) => revokeApiKey({ ...services, db }, id))
    return reply.redirect('/admin/keys', 303)
  })

  async function show(reply: FastifyReply, more: object = {}) {
    const keys = (await listApiKeys(services)).map(({ createdAt, expiresAt, lastUsedOn, ...key }) => ({
      ...key,
      created: `${plainMoment(createdAt)}, ${key.createdBy}`,
      expires: expiresAt ? plainMoment(expiresAt) : 'never',
      lastUsed: lastUsedOn ? plainDay(lastUsedOn) : 'never',
    }))
    const scopes = SCOPES.map((scope) => ({ scope, words: SCOPE_WORDS[scope] }))
    return reply.view('admin/keys', { keys, scopes, days: DEFAULT_DAYS, perMinute: DEFAULT_PER_MINUTE, ...more })
  }
}

const isNumber = (typed: string): boolean => /^\d{1,6}$/.test(typed) && Number(typed) >= 1

/** Returns the first field of the form that cannot be used, with the reason. */
function problemOf(typed: { name: string; scopes: readonly string[]; days: string; perMinute: string }) {
  const { name, scopes, days, perMinute } = typed
  if (name === '' || scopes.length === 0)
    return { field: 'name', text: 'Give the key a name, and choose at least one scope.' }
  if (name.length > MAX_KEY_NAME) return { field: 'name', text: `A name has at most ${MAX_KEY_NAME} characters.` }
  const range = `from 1 to ${MAX_KEY_NUMBER}`
  if (!isNumber(days)) return { field: 'days', text: `Give the days until the key expires, ${range}.` }
  if (!isNumber(perMinute)) return { field: 'perMinute', text: `Give the requests a minute, ${range}.` }
  return undefined
}
