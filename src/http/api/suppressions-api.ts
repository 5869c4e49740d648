import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { hashOfAddress } from '../../mail/address.ts'
import { withAudit } from '../../operate/audit.ts'
import { suppressionReason } from '../../runtime/db/schema.ts'
import type { Services } from '../../runtime/services.ts'
import { listSuppressions } from '../../suppression/list-suppressions.ts'
import { lift, suppressManually } from '../../suppression/suppress.ts'
import { pageFields, readCursor, writeCursor } from './cursor.ts'
import { emailField, moment } from './fields.ts'
import { keyActor } from './key-actor.ts'

const reason = z.enum(suppressionReason.enumValues)
const Suppression = z.object({
  addressHash: z.string().describe('keyed hash: the address is not stored'),
  reason,
  createdAt: moment,
})
const Address = z.strictObject({ email: emailField })
const scopes = ['readers'] as const

/** Addresses that must not get email, for programs. */
export const suppressionsApiRoutes: FastifyPluginAsyncZod<Services> = async (app, services) => {
  const hashOf = (email: string) => hashOfAddress(services.config.SUPPRESSION_KEY, email)

  app.get(
    '/v1/suppressions',
    {
      config: { scopes },
      schema: {
        summary: 'Suppressed addresses, as hashes',
        querystring: z.object(pageFields),
        response: { 200: z.object({ suppressions: z.array(Suppression), next: z.string().optional() }) },
      },
    },
    async ({ query: { cursor, limit } }) => {
      const [last] = readCursor('suppressions', z.tuple([z.hex().max(128)]), cursor) ?? []
      const rows = await listSuppressions(services, {
        after: last === undefined ? undefined : Buffer.from(last, 'hex'),
        limit,
      })
      const suppressions = rows.map(({ addressHash: hash, createdAt, ...row }) => ({
        ...row,
        addressHash: hash.toString('hex'),
        createdAt: createdAt.toISOString(),
      }))
      const end = rows.length === limit ? suppressions.at(-1) : undefined
      return { suppressions, next: end && writeCursor('suppressions', [end.addressHash]) }
    },
  )

  app.post(
    '/v1/suppressions',
    {
      config: { scopes },
      schema: {
        summary: 'Stop all email to an address, until it is lifted',
        body: Address,
        response: { 200: z.object({ changed: z.boolean() }) },
      },
    },
    async (request) => {
      const hash = hashOf(request.body.email)
      const entry = { actor: keyActor(request), action: 'suppressed', target: 'an address' }
      return { changed: await withAudit(services, entry, (db) => suppressManually(db, hash, services.now())) }
    },
  )

  app.post(
    '/v1/suppressions/lift',
    {
      config: { scopes },
      schema: {
        summary: 'Lift the suppression of an address. No email follows; the person may sign up again',
        body: Address,
        response: { 200: z.object({ reason: reason.describe('of the suppression that is lifted') }) },
      },
    },
    async (request) => {
      const hash = hashOf(request.body.email)
      const entry = { actor: keyActor(request), action: 'lifted the suppression of', target: 'an address' }
      return { reason: await withAudit(services, entry, (db) => lift(db, hash, services.now())) }
    },
  )
}
