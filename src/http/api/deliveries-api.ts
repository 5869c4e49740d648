import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { reportDeliveries } from '../../delivery/ledger/delivery-report.ts'
import { listDeliveries } from '../../delivery/ledger/list-deliveries.ts'
import { progressOf } from '../../delivery/ledger/progress.ts'
import { isAnyQueued, RESENDABLE_STATES, sendAgain } from '../../delivery/send/send-again.ts'
import { describeEdition, findEdition } from '../../edition/draft/control.ts'
import { withAudit } from '../../operate/audit.ts'
import { deliveryState } from '../../runtime/db/schema.ts'
import type { Services } from '../../runtime/services.ts'
import { pageFields, readCursor, writeCursor } from './cursor.ts'
import { editionKey, nullableMoment } from './fields.ts'
import { keyActor } from './key-actor.ts'

const params = z.object(editionKey)
const reading = ['read', 'editions'] as const

const count = z.int().min(0)
const Group = z.object({
  name: z.string(),
  total: count,
  accepted: count,
  deferred: count,
  refused: count,
  unknown: count,
  underWay: count,
  notSent: count,
})
const Deliveries = z.object({
  total: z.int(),
  states: z.record(z.string(), z.int()).describe('they add up to `total`'),
  open: z.int().describe('unfinished'),
  nextTry: nullableMoment,
  relays: z.array(Group).describe('by relay'),
  domains: z.array(Group).describe('by domain of the recipient: the largest ones, and all others'),
})
const Delivery = z.object({
  reader: z.int().describe('id of the reader'),
  state: z.enum(deliveryState.enumValues),
  attempts: z.int(),
  relay: z.string().nullable(),
  reply: z.string().nullable().describe('the relay’s last reply, without addresses'),
  enhanced: z.string().nullable().describe('the enhanced status code in the reply, such as 5.1.1'),
  messageId: z.string(),
  handedAt: nullableMoment,
  settledAt: nullableMoment,
})

/** What became of an edition's emails, for programs. */
export const deliveriesApiRoutes: FastifyPluginAsyncZod<Services> = async (app, services) => {
  app.get(
    '/v1/editions/:kind/:date/deliveries',
    {
      config: { scopes: reading, errors: [404] },
      schema: { summary: 'Deliveries of an edition, counted by state', params, response: { 200: Deliveries } },
    },
    async ({ params: key }) => {
      const { id } = await findEdition(services, key)
      const { total, states, open, nextTry } = await progressOf(services, id)
      const groups = await reportDeliveries(services, id)
      return { total, states, open, nextTry: nextTry?.toISOString() ?? null, ...groups }
    },
  )

  const resendable = z.enum(RESENDABLE_STATES)
  app.post(
    '/v1/editions/:kind/:date/deliveries/again',
    {
      config: { scopes: ['editions'], errors: [404, 409] },
      schema: {
        summary: 'Queue ended deliveries again, with the same papers. Those whose outcome is unknown may arrive twice',
        params,
        body: z.strictObject({
          states: z.array(resendable).min(1).max(RESENDABLE_STATES.length),
          dryRun: z.boolean().default(false).describe('only count'),
        }),
        response: { 200: z.object({ queued: z.partialRecord(resendable, count) }) },
      },
    },
    async (request) => {
      const { params: key, body } = request
      const only = RESENDABLE_STATES.filter((each) => body.states.includes(each))
      if (body.dryRun) return { queued: await sendAgain(services, key, { only, dryRun: true }) }
      const action = `queued ${only.join(' and ')} deliveries again of`
      const entry = { actor: keyActor(request), action, target: describeEdition(key) }
      const queued = await withAudit(
        services,
        entry,
        (db) => sendAgain({ ...services, db }, key, { only, dryRun: false }),
        isAnyQueued,
      )
      return { queued }
    },
  )

  app.get(
    '/v1/editions/:kind/:date/deliveries/:state',
    {
      config: { scopes: reading, errors: [404] },
      schema: {
        summary: 'Deliveries of an edition in one state, with the relay’s replies',
        params: params.extend({ state: z.enum(deliveryState.enumValues) }),
        querystring: z.object(pageFields),
        response: { 200: z.object({ deliveries: z.array(Delivery), next: z.string().optional() }) },
      },
    },
    async ({ params: { state, ...key }, query: { cursor, limit } }) => {
      const edition = await findEdition(services, key)
      const list = `deliveries ${edition.id} ${state}`
      const [after] = readCursor(list, z.tuple([z.int().min(0)]), cursor) ?? []
      const { deliveries, next } = await listDeliveries(services, edition, state, { after, limit })
      return {
        deliveries: deliveries.map(({ subscriberId, address: _, handedAt, settledAt, ...row }) => ({
          ...row,
          reader: subscriberId,
          handedAt: handedAt?.toISOString() ?? null,
          settledAt: settledAt?.toISOString() ?? null,
        })),
        next: next === undefined ? undefined : writeCursor(list, [next]),
      }
    },
  )
}
