import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { PaperboyError } from '../../lib/errors.ts'
import { hashOfAddress } from '../../mail/address.ts'
import { LOCALES } from '../../messages/catalogue.ts'
import { recordAudit, withAudit } from '../../operate/audit.ts'
import { cadence, subscriberStatus } from '../../runtime/db/schema.ts'
import type { Services } from '../../runtime/services.ts'
import { eraseReader } from '../../subscription/erase.ts'
import { type ReaderDetails, readerById } from '../../subscription/reader-details.ts'
import { addForProgram } from '../../subscription/sign-up-for-program.ts'
import { unsubscribeReader } from '../../subscription/unsubscribe.ts'
import { lift, suppressManually } from '../../suppression/suppress.ts'
import { idField, pastMoment } from '../kit/params.ts'
import { emailField, NO_CONTENT } from './fields.ts'
import { keyActor } from './key-actor.ts'

/** Without the address: this response may be stored for an Idempotency-Key. */
const Changed = z.object({ id: z.int(), status: z.enum(subscriberStatus.enumValues) })

const NewReader = z.strictObject({
  email: emailField,
  zone: z.string().max(64).optional(),
  locale: z.enum(LOCALES).optional(),
  cadence: z.enum(cadence.enumValues).optional().describe('only with consent'),
  hour: z.int().min(0).max(23).optional().describe('only with consent'),
  topics: z.array(z.string().max(60)).max(20).optional(),
  consent: z
    .strictObject({
      form: z.string().min(1).max(200).describe('what the person agreed to, and where'),
      confirmedAt: pastMoment,
    })
    .optional()
    .describe('consent given elsewhere, which you attest. Without it, an email asks the person to confirm'),
})

const ACTIONS = { unsubscribe: 'unsubscribed', suppress: 'suppressed', lift: 'lifted the suppression of' } as const
const params = z.object({ id: idField })
const scopes = ['readers'] as const

/** Changes to readers, for programs: what the admin page "Readers" and the command `subscribers` do. */
export const readerChangesApiRoutes: FastifyPluginAsyncZod<Services> = async (app, services) => {
  app.post(
    '/v1/readers',
    {
      config: { scopes, errors: [409] },
      schema: {
        summary: 'Add a reader. An email asks them to confirm, unless you attest consent given elsewhere',
        body: NewReader,
        response: { 200: Changed.describe('the reader was known'), 201: Changed.describe('the reader is new') },
      },
    },
    async (request, reply) => {
      const actor = keyActor(request)
      const by = { origin: request.ip, attestedBy: actor }
      const { id, status, did } = await services.db.transaction(async (tx) => {
        const made = await addForProgram({ ...services, db: tx }, request.body, by)
        const entry = { actor, action: made.did, target: `reader ${made.id}` }
        if (made.did !== 'unchanged') await recordAudit(tx, services.now(), entry)
        return made
      })
      void services.queues.wake('send-service-emails', {})
      return reply.code(did === 'added' ? 201 : 200).send({ id, status: status as ReaderDetails['status'] })
    },
  )

  for (const [action, done] of Object.entries(ACTIONS) as [keyof typeof ACTIONS, string][]) {
    app.post(
      `/v1/readers/:id/${action}`,
      {
        config: { scopes, errors: [404] },
        schema: { summary: SUMMARIES[action], params, response: { 200: Changed } },
      },
      async (request) => {
        const { id } = request.params
        const { email } = await readerById(services, id)
        const entry = { actor: keyActor(request), action: done, target: `reader ${id}` }
        await withAudit(services, entry, (db) => act({ ...services, db }, action, id, email))
        const { status } = await readerById(services, id)
        return { id, status }
      },
    )
  }

  app.delete(
    '/v1/readers/:id',
    {
      config: { scopes, errors: [404] },
      schema: { summary: 'Erase a reader from every table', params, response: NO_CONTENT },
    },
    async (request, reply) => {
      const { id } = request.params
      await readerById(services, id)
      const entry = { actor: keyActor(request), action: 'erased', target: `reader ${id}` }
      await withAudit(services, entry, (db) => eraseReader({ ...services, db }, id))
      return reply.code(204).send(null)
    },
  )
}

const SUMMARIES = {
  unsubscribe: 'Unsubscribe a reader',
  suppress: 'Stop all email to a reader’s address, until it is lifted',
  lift: 'Lift the suppression of a reader’s address. No email follows; they may sign up again',
} as const

/** @returns false when there was nothing to change */
async function act(services: Services, action: keyof typeof ACTIONS, id: number, email: string | null) {
  const { db, config, now } = services
  if (action === 'unsubscribe') return unsubscribeReader(services, id)
  if (email === null) throw new PaperboyError('READER_NOT_FOUND', `Reader ${id} was erased, so there is no address.`)
  const hash = hashOfAddress(config.SUPPRESSION_KEY, email)
  if (action === 'suppress') return suppressManually(db, hash, now())
  await lift(db, hash, now())
  return true
}
