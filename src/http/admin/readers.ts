import { Readable } from 'node:stream'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { dayOf } from '../../calendar/days.ts'
import { minuteUtc, plainDay } from '../../calendar/words.ts'
import { withByteOrderMark } from '../../lib/csv/spreadsheet.ts'
import { AddressError } from '../../mail/address.ts'
import { recordAudit, withAudit } from '../../operate/audit.ts'
import { readTopicNames } from '../../papers/topics/topic-name.ts'
import type { Services } from '../../runtime/services.ts'
import { addReader, isAddition } from '../../subscription/add-reader.ts'
import { READER_EVENTS, readReaderCounts, readReaderDays } from '../../subscription/count-readers.ts'
import { exportSubscribers } from '../../subscription/export.ts'
import { listReaders } from '../../subscription/list-readers.ts'
import { CADENCES } from '../../subscription/preference-rules.ts'
import { describeSearch, LISTED_STATUSES, ReaderFilter, type ReaderSearch } from '../../subscription/reader-filter.ts'
import { dayChart } from './day-chart.ts'
import { actor } from './guard.ts'
import { cursor, formFields, pageHref, setFields } from './list-query.ts'

const SPANS = [30, 90, 365] as const

const fields = formFields(ReaderFilter)
/** A part of an address. Posted, never in a URL, which logs keep. */
const text = z.object({ text: z.string().trim().toLowerCase().max(254).catch('') }).catch({ text: '' })
const place = z.object({
  before: cursor,
  days: z.coerce
    .number()
    .pipe(z.union(SPANS.map((n) => z.literal(n))))
    .catch(30),
})

/** The list of readers: filters, search, growth, adding one, and the export. */
export const readerListRoutes: FastifyPluginAsyncZod<Services> = async (app, services) => {
  app.get('/admin/readers', { schema: { querystring: place.and(fields) } }, async ({ query }, reply) => {
    const { before, days, ...filter } = query
    return reply.view('admin/readers', {
      ...(await listPage(services, filter, before)),
      ...(before === undefined ? await growth(services, days, filter) : {}),
    })
  })

  app.post('/admin/readers/search', { schema: { body: text.and(fields).and(place) } }, async ({ body }, reply) => {
    const { before, days: _, text, ...filter } = body
    return reply.view('admin/readers', await listPage(services, { ...filter, ...(text ? { text } : {}) }, before))
  })

  app.post('/admin/readers/export', { schema: { body: text.and(fields) } }, async (request, reply) => {
    const { text, ...filter } = request.body
    const search = { ...filter, ...(text ? { text } : {}) }
    const entry = { actor: actor(request), action: 'exported', target: describeSearch(search) }
    await recordAudit(services.db, services.now(), entry)
    return reply
      .type('text/csv; charset=utf-8')
      .header('content-disposition', `attachment; filename="readers-${dayOf(services.now())}.csv"`)
      .send(Readable.from(withByteOrderMark(exportSubscribers(services, search))))
  })

  const adding = {
    body: z
      .object({ email: z.string().max(1000).catch(''), agreed: z.literal('yes').optional().catch(undefined) })
      .catch({ email: '' }),
  }
  app.post('/admin/readers/add', { schema: adding }, async (request, reply) => {
    const { email, agreed } = request.body
    const by = actor(request)
    try {
      const added = await withAudit(
        services,
        { actor: by, action: 'added', target: 'a reader' },
        (db) => addReader({ ...services, db }, email, { active: agreed === 'yes', attestedBy: by }),
        isAddition,
      )
      void services.queues.wake('send-service-emails', {})
      return await reply.view('admin/readers', {
        ...(await listPage(services, {})),
        ...(await growth(services, SPANS[0])),
        done: ADDED[added],
      })
    } catch (error) {
      if (!(error instanceof AddressError)) throw error
      const problem = reply.locals!.t.address[error.problem]
      return reply.code(422).view('admin/readers', { ...(await listPage(services, {})), typed: email, agreed, problem })
    }
  })
}

const ADDED = {
  added: 'Added. Without their consent, they get an email that asks to confirm.',
  activated: 'The pending sign-up is active now.',
  refused:
    'Not added: this address unsubscribed, bounced, complained or is suppressed here. The person can sign up again.',
  unchanged: 'This address is already a reader. Nothing was changed.',
}

async function listPage(services: Services, search: ReaderSearch, before?: number) {
  const { readers, next, stopped } = await listReaders(services, search, { before })
  const counts = await readReaderCounts(services)
  const topics = counts?.body.topics.map(({ name }) => name) ?? []
  const nameOf = await readTopicNames(services.db, search.topic ? [...topics, search.topic] : topics)
  const { text = '', ...filter } = search
  return {
    ...{ filter, text, stopped },
    fields: setFields(filter),
    isFiltered: text !== '' || setFields(filter).length > 0,
    isFirst: before === undefined,
    next: next && { before: next, href: pageHref('/admin/readers', filter, next) },
    choices: {
      statuses: LISTED_STATUSES,
      cadences: CADENCES,
      topics: [...new Set(search.topic ? [search.topic, ...topics] : topics)].map((slug) => ({
        slug,
        name: nameOf(slug),
      })),
    },
    totals: counts && {
      at: minuteUtc(counts.countedAt),
      counts: counts.body.statuses.map(({ name, readers }) => ({ name, readers: readers.toLocaleString('en') })),
    },
    readers: readers.map(({ createdAt, topics, ...reader }) => ({
      ...reader,
      href: `/admin/readers/${reader.id}`,
      joined: plainDay(dayOf(createdAt)),
      topics: topics.length,
    })),
  }
}

/** Growth and churn as charts, and as one table. */
async function growth(services: Services, span: number, filter: ReaderFilter = {}) {
  const days = await readReaderDays(services, span)
  return {
    spans: SPANS.map((each) => ({
      span: each,
      href: `/admin/readers?${new URLSearchParams(setFields({ ...filter, days: each }))}#growth`,
      current: each === span,
    })),
    charts: READER_EVENTS.map((event, index) =>
      dayChart(
        `chart-${index}`,
        UNITS[event],
        days.map(({ day, counts }) => ({ day, count: counts[event] })),
      ),
    ),
    events: READER_EVENTS,
    days: days
      .toReversed()
      .map(({ day, counts }) => ({ day: plainDay(day), counts: READER_EVENTS.map((event) => counts[event]) })),
  }
}

const UNITS: Record<(typeof READER_EVENTS)[number], string> = {
  'signed up': 'sign-ups',
  confirmed: 'confirmations',
  imported: 'imported readers',
  unsubscribed: 'unsubscribes',
  bounced: 'bounces',
  complained: 'spam reports',
}
