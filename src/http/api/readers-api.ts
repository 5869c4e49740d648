import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { deliveriesOf } from '../../delivery/ledger/reader-deliveries.ts'
import { preview } from '../../delivery/preview/preview.ts'
import { withAudit } from '../../operate/audit.ts'
import { readerHistory } from '../../operate/reader-history.ts'
import { cadence, mailFormat, subscriberStatus } from '../../runtime/db/schema.ts'
import type { Services } from '../../runtime/services.ts'
import { exportReader } from '../../subscription/erase.ts'
import { subscriberIdOf } from '../../subscription/find-reader.ts'
import { listReaders } from '../../subscription/list-readers.ts'
import { type ReaderDetails, readerById, readerDetails } from '../../subscription/reader-details.ts'
import { ReaderFilter, type ReaderSearch } from '../../subscription/reader-filter.ts'
import { idField } from '../kit/params.ts'
import { pageFields, readCursor, writeCursor } from './cursor.ts'
import { editionKey, emailField, moment, nullableMoment } from './fields.ts'
import { keyActor } from './key-actor.ts'

const Reader = z.object({
  id: z.int(),
  email: z.string().nullable().describe('null once erased'),
  status: z.enum(subscriberStatus.enumValues),
  cadence: z.enum(cadence.enumValues),
  hour: z.int(),
  zone: z.string(),
  weekday: z.int(),
  size: z.int(),
  format: z.enum(mailFormat.enumValues),
  locale: z.string(),
  topics: z.array(z.string()),
  keywords: z.array(z.string()),
  authors: z.array(z.string()),
  organisations: z.array(z.string()),
  consent: z
    .string()
    .nullable()
    .describe('the version of the form they agreed to, or who attests consent given elsewhere'),
  createdAt: moment,
  requestedAt: nullableMoment,
  confirmedAt: nullableMoment,
  leftAt: nullableMoment,
  pausedUntil: nullableMoment,
  nextDigestAt: nullableMoment,
})
const Page = z.object({ readers: z.array(Reader), next: z.string().optional() })
const History = z.object({
  events: z
    .array(z.object({ at: moment, what: z.string(), result: z.string() }))
    .describe('service emails, bounces, complaints and what operators did'),
  deliveries: z.array(
    z.object({
      kind: z.string(),
      date: z.string(),
      state: z.string(),
      handedAt: nullableMoment,
      relay: z.string().nullable(),
      reply: z.string().nullable().describe('the relay’s last reply'),
      messageId: z.string(),
    }),
  ),
})
const params = z.object({ id: idField })
const scopes = ['readers'] as const

/** Readers, for programs: what the admin page "Readers" and the command `subscribers` do. */
export const readersApiRoutes: FastifyPluginAsyncZod<Services> = async (app, services) => {
  app.get(
    '/v1/readers',
    {
      config: { scopes },
      schema: {
        summary: 'Readers, newest first. A page may have fewer than its limit, and still a next one',
        querystring: z.object({ ...ReaderFilter.shape, ...pageFields }),
        response: { 200: Page },
      },
    },
    async ({ query: { cursor, limit, ...filter } }) => listPage(services, filter, cursor, limit),
  )

  app.post(
    '/v1/readers/search',
    {
      config: { scopes, reads: true },
      schema: {
        summary: 'Readers with a part of their address, newest first. It is in the body, because logs keep URLs',
        body: z.strictObject({
          ...ReaderFilter.shape,
          ...pageFields,
          text: z.string().trim().toLowerCase().min(1).max(254),
        }),
        response: { 200: Page },
      },
    },
    async ({ body: { cursor, limit, ...search } }) => listPage(services, search, cursor, limit),
  )

  app.post(
    '/v1/readers/find',
    {
      config: { scopes, errors: [404], reads: true },
      schema: {
        summary: 'The reader with an address. It is in the body, because logs keep URLs',
        body: z.strictObject({ email: emailField }),
        response: { 200: Reader },
      },
    },
    async ({ body }) => shown(await readerById(services, await subscriberIdOf(services, body.email))),
  )

  app.get(
    '/v1/readers/:id',
    { config: { scopes, errors: [404] }, schema: { summary: 'One reader', params, response: { 200: Reader } } },
    async ({ params: { id } }) => shown(await readerById(services, id)),
  )

  app.get(
    '/v1/readers/:id/history',
    {
      config: { scopes, errors: [404] },
      schema: {
        summary: 'One reader’s newest digests and what happened besides',
        params,
        response: { 200: History },
      },
    },
    async ({ params: { id } }) => {
      await readerById(services, id)
      const [events, deliveries] = await Promise.all([readerHistory(services, id), deliveriesOf(services, id)])
      return { events: events.map(({ at, ...event }) => ({ ...event, at: at.toISOString() })), deliveries }
    },
  )

  const Exported = z.object({ exportedAt: moment, tables: z.record(z.string(), z.array(z.unknown())) })
  app.get(
    '/v1/readers/:id/export',
    {
      config: { scopes, errors: [404] },
      schema: { summary: 'All stored data about a reader, by table', params, response: { 200: Exported } },
    },
    async (request) => {
      const { id } = request.params
      await readerById(services, id)
      const entry = { actor: keyActor(request), action: 'exported the data of', target: `reader ${id}` }
      return withAudit(services, entry, (db) => exportReader({ ...services, db }, id))
    },
  )

  const Digest = z.object({ subject: z.string(), html: z.string(), text: z.string() })
  app.get(
    '/v1/readers/:id/digests/:kind/:date',
    {
      config: { scopes, errors: [404, 409] },
      schema: {
        summary: 'An edition as this reader receives it. Sends nothing',
        params: z.object({ id: idField, ...editionKey }),
        response: { 200: Digest },
      },
    },
    async ({ params: { id, kind, date } }) => {
      await readerById(services, id)
      const { subject, html, text } = await preview(services, { kind, date }, id)
      return { subject, html, text }
    },
  )
}

async function listPage(services: Services, search: ReaderSearch, cursor: string | undefined, limit: number) {
  const [before] = readCursor('readers', z.tuple([z.int().positive()]), cursor) ?? []
  const { readers, next } = await listReaders(services, search, { before, limit })
  const details = await readerDetails(
    services,
    readers.map(({ id }) => id),
  )
  return { readers: details.map(shown), next: next === undefined ? undefined : writeCursor('readers', [next]) }
}
const shown = (reader: ReaderDetails) => ({
  ...reader,
  createdAt: reader.createdAt.toISOString(),
  requestedAt: reader.requestedAt?.toISOString() ?? null,
  confirmedAt: reader.confirmedAt?.toISOString() ?? null,
  leftAt: reader.leftAt?.toISOString() ?? null,
  pausedUntil: reader.pausedUntil?.toISOString() ?? null,
  nextDigestAt: reader.nextDigestAt?.toISOString() ?? null,
})
