import type { FastifyReply } from 'fastify'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { minuteUtc, plainMoment } from '../../calendar/words.ts'
import { deliveriesOf } from '../../delivery/ledger/reader-deliveries.ts'
import { AddressError, hashOfAddress } from '../../mail/address.ts'
import { editionHref } from '../../operate/attention/attention.ts'
import { withAudit } from '../../operate/audit.ts'
import { readerHistory } from '../../operate/reader-history.ts'
import type { Services } from '../../runtime/services.ts'
import { eraseByAddress, exportReader } from '../../subscription/erase.ts'
import { type FoundReader, findReader, readReader, subscriberIdOf } from '../../subscription/find-reader.ts'
import { unsubscribeReader } from '../../subscription/unsubscribe.ts'
import { lift, suppressManually } from '../../suppression/suppress.ts'
import { idField } from '../kit/params.ts'
import { actor } from './guard.ts'

const body = z
  .object({ email: z.string().catch(''), sure: z.literal('yes').optional().catch(undefined) })
  .catch({ email: '' })

/** Answers "did she get it?" and carries out requests that arrive by email. Addresses are posted, never in a URL, which logs keep. */
export const adminReaderRoutes: FastifyPluginAsyncZod<Services> = async (app, services) => {
  const numbered = { params: z.object({ id: idField }) }
  app.get('/admin/readers/:id', { schema: numbered }, async ({ params: { id } }, reply) => {
    const found = await readReader(services, id)
    if (!found.reader) return reply.callNotFound()
    return show(reply, found.reader.email ?? '', found)
  })

  app.post('/admin/readers', { schema: { body } }, async (request, reply) => look(reply, request.body.email))

  const acting = { params: z.object({ action: z.enum(['unsubscribe', 'suppress', 'lift', 'erase']) }), body }
  app.post('/admin/readers/:action', { schema: acting }, async (request, reply) => {
    const { action } = request.params
    const { email, sure } = request.body
    if (action === 'erase' && sure !== 'yes') return look(reply.code(422), email, { unsure: true })
    // An address can be suppressed without belonging to a reader.
    const { reader } = await findReader(services, email)
    const entry = { actor: actor(request), action: DONE[action], target: reader ? `reader ${reader.id}` : 'an address' }
    const changed = await withAudit(services, entry, (db) => act({ ...services, db }, action, email))
    if (action === 'erase') return reply.view('admin/reader', { done: 'The address is deleted from every table.' })
    return look(reply, email, {
      done: changed ? `Done: ${DONE[action]}.` : 'Nothing was changed: they already get no digests.',
    })
  })

  app.post('/admin/readers/data', { schema: { body } }, async (request, reply) => {
    const id = await subscriberIdOf(services, request.body.email)
    const entry = { actor: actor(request), action: 'exported the data of', target: `reader ${id}` }
    const data = await withAudit(services, entry, (db) => exportReader({ ...services, db }, id))
    return reply
      .type('application/json; charset=utf-8')
      .header('content-disposition', `attachment; filename="reader-${id}.json"`)
      .send(JSON.stringify(data, undefined, 2))
  })

  async function look(reply: FastifyReply, email: string, more: object = {}) {
    try {
      return await show(reply, email, await findReader(services, email), more)
    } catch (error) {
      if (!(error instanceof AddressError)) throw error
      return reply.code(422).view('admin/reader', { email, problem: reply.locals!.t.address[error.problem] })
    }
  }

  async function show(reply: FastifyReply, email: string, found: Awaited<ReturnType<typeof findReader>>, more = {}) {
    const { reader, suppressed } = found
    const deliveries = reader ? await deliveriesOf(services, reader.id) : []
    const history = reader ? await readerHistory(services, reader.id) : []
    return reply.view('admin/reader', {
      ...{ email, found: true, reader, suppressed },
      facts: reader && factsOf(reader),
      deliveries: deliveries.map(({ handedAt, ...each }) => ({
        ...each,
        href: editionHref({ kind: each.kind as 'daily', date: each.date }),
        handedAt: handedAt && plainMoment(new Date(handedAt)),
      })),
      history: history.map(({ at, ...each }) => ({ ...each, at: minuteUtc(at) })),
      ...more,
    })
  }
}

const DONE = { unsubscribe: 'unsubscribed', suppress: 'suppressed', lift: 'lifted the suppression of', erase: 'erased' }

/** @returns false when there was nothing to change */
async function act(services: Services, action: keyof typeof DONE, email: string): Promise<boolean> {
  const { db, config, now } = services
  const hash = () => hashOfAddress(config.SUPPRESSION_KEY, email)
  if (action === 'unsubscribe') return unsubscribeReader(services, await subscriberIdOf(services, email))
  if (action === 'suppress') return suppressManually(db, hash(), now())
  if (action === 'erase') await eraseByAddress(services, email)
  if (action === 'lift') await lift(db, hash(), now())
  return true
}

function factsOf(reader: FoundReader): [string, string][] {
  const moment = (at: Date | null) => at && plainMoment(at)
  const facts: [string, string | null][] = [
    ['Number', String(reader.id)],
    ['Status', reader.status],
    ['Joined', moment(reader.createdAt)],
    ['Signed up', moment(reader.requestedAt)],
    ['Imported', moment(reader.importedAt)],
    ['Confirmed', moment(reader.confirmedAt)],
    ['Agreed to', reader.consent],
    ['Unsubscribed', moment(reader.leftAt)],
    ['Delivery', `${reader.cadence}, ${reader.size} papers, ${reader.format}, ${reader.locale}`],
    ['Hour', `${String(reader.hour).padStart(2, '0')}:00, ${reader.zone}`],
    ['Topics', reader.topics.join(', ') || null],
    ['Next digest', moment(reader.nextDigestAt)],
    ['Paused until', moment(reader.pausedUntil)],
  ]
  return facts.filter((fact): fact is [string, string] => fact[1] !== null)
}
