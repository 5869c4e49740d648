import { Readable } from 'node:stream'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { plainMoment } from '../../calendar/words.ts'
import { type NamedCounts, reportDeliveries } from '../../delivery/ledger/delivery-report.ts'
import { LISTED_STATES, type ListedState, listDeliveries } from '../../delivery/ledger/list-deliveries.ts'
import { describeProgress, type Progress, progressOf } from '../../delivery/ledger/progress.ts'
import { describeSendingDetails, sendingDetails } from '../../delivery/ledger/sending-details.ts'
import { forecast } from '../../delivery/plan/forecast.ts'
import { describePlan, sendPlan } from '../../delivery/plan/send-plan.ts'
import { isAnyQueued, RESENDABLE_STATES, sendAgain } from '../../delivery/send/send-again.ts'
import { describeEdition, type EditionKey, findEdition } from '../../edition/draft/control.ts'
import { listLatestEditions } from '../../edition/draft/curator-view.ts'
import { describeInbound } from '../../inbound/report.ts'
import { fingerprint } from '../../lib/fingerprint.ts'
import { editionHref } from '../../operate/attention/attention.ts'
import { findAttention } from '../../operate/attention/find.ts'
import { withAudit } from '../../operate/audit.ts'
import { healthyParts } from '../../operate/doctor/service.ts'
import { readServiceStatus } from '../../operate/status.ts'
import { describeRelays } from '../../relay/report.ts'
import type { Services } from '../../runtime/services.ts'
import { describeSignUps } from '../../subscription/signup-protection/report.ts'
import { editionParams as params } from './edition.ts'
import { actionsFor, phaseOf } from './edition-actions.ts'
import { describeState, nameOf, shortNameOf } from './edition-labels.ts'
import { actor } from './guard.ts'
import { openLiveProgress } from './live-progress.ts'
import { outcomeFigures } from './progress-figures.ts'

const EDITIONS_SHOWN = 30
/** Counting a finished edition takes 0.2 s at a million readers. */
const FINISHED_COUNTED = 3
/** Then a browser opens a new stream, and its session is checked again. */
const STREAM_MS = 10 * 60_000
/** A reader of the stream that is so far behind has gone. */
const MOST_BEHIND_BYTES = 65_536

const count = (n: number): string => n.toLocaleString('en')
const deliveriesHref = (key: EditionKey): string => `${editionHref(key)}/deliveries`

/** What became of each edition's emails: counts that add up, lists with the relay's replies, and what can be done about them. */
export const deliveryRoutes: FastifyPluginAsyncZod<Services> = async (app, services) => {
  const live = openLiveProgress(services)
  app.addHook('preClose', async () => live.close())

  app.get('/admin/deliveries', async (_request, reply) => reply.view('admin/deliveries', await overview(services)))

  const listing = {
    params,
    querystring: z.object({
      state: z.enum(LISTED_STATES).optional().catch(undefined),
      after: z.coerce.number().int().min(0).catch(0),
    }),
  }
  app.get('/admin/editions/:kind/:date/deliveries', { schema: listing }, async ({ params: key, query }, reply) =>
    reply.view('admin/edition-deliveries', await editionDeliveries(services, key, query.state, query.after)),
  )

  const again = {
    params,
    body: z.object({ only: z.unknown(), sure: z.literal('yes').optional().catch(undefined) }).catch({ only: [] }),
  }
  app.post('/admin/editions/:kind/:date/again', { schema: again }, async (request, reply) => {
    const { params: key, body } = request
    const chosen = [body.only].flat()
    const only = RESENDABLE_STATES.filter((state) => chosen.includes(state))
    if (only.length === 0 || body.sure !== 'yes') {
      const unsure = only.length === 0 ? 'Choose what to send again.' : 'Tick the last box to confirm.'
      const page = await editionDeliveries(services, key)
      return reply.code(422).view('admin/edition-deliveries', { ...page, unsure, chosen: only })
    }
    const action = `queued ${only.join(' and ')} deliveries again of`
    const entry = { actor: actor(request), action, target: describeEdition(key) }
    await withAudit(services, entry, (db) => sendAgain({ ...services, db }, key, { only, dryRun: false }), isAnyQueued)
    return reply.redirect(deliveriesHref(key), 303)
  })

  app.get(
    '/admin/editions/:kind/:date/deliveries/events',
    { schema: { params } },
    async ({ params: key, raw }, reply) => {
      const { id } = await findEdition(services, key)
      const stream = new Readable({ read() {} })
      const end = () => void stream.push(null)
      const unwatch = live.watch(id, {
        onCounts(counts) {
          if (stream.readableLength > MOST_BEHIND_BYTES) return void stream.destroy()
          if (!counts) return void stream.push(': still the same\n\n')
          const figures = outcomeFigures(counts.states, { all: true }).map(({ state, count }) => [state, count])
          const done = counts.total - counts.open
          const share = counts.total === 0 ? 0 : Math.floor((done / counts.total) * 100)
          const data = { edition: counts.edition, total: count(counts.total), done: count(done), share, figures }
          stream.push(`data: ${JSON.stringify(data)}\n\n`)
          if (['sent', 'cancelled', 'draft'].includes(counts.edition)) end()
        },
        onEnd: end,
      })
      if (!unwatch)
        return reply.code(503).header('retry-after', '60').send('Too many pages watch. Reload the page instead.')
      const timer = setTimeout(end, STREAM_MS)
      raw.on('close', () => stream.destroy())
      stream.on('close', () => {
        clearTimeout(timer)
        unwatch()
      })
      stream.push('retry: 3000\n\n')
      // Proxies must pass each line on at once.
      return reply.type('text/event-stream').header('x-accel-buffering', 'no').send(stream)
    },
  )
}

async function overview(services: Services) {
  const [status, needed, editions] = await Promise.all([
    readServiceStatus(services),
    findAttention(services),
    listLatestEditions(services, EDITIONS_SHOWN),
  ])
  const isUnderWay = ({ state }: { state: string }) => state === 'sending' || state === 'paused'
  const finished = editions.filter(({ state }) => state === 'sent').slice(0, FINISHED_COUNTED)
  const counted = [...editions.filter(isUnderWay), ...finished]
  const became = new Map(
    await Promise.all(counted.map(async ({ id }) => [id, describeProgress(await progressOf(services, id))] as const)),
  )
  return {
    editions: editions.map((edition) => ({
      href: edition.state === 'draft' ? editionHref(edition) : deliveriesHref(edition),
      name: shortNameOf(edition),
      state: describeState(edition),
      papers: edition.papers,
      release: edition.state === 'draft' && !edition.held ? plainMoment(edition.releaseAt) : '',
      became: became.get(edition.id) ?? '',
    })),
    readers: Object.entries(status.readers).map(([name, n]) => ({ name, count: count(n) })),
    signUps: describeSignUps(status.signUps),
    fine: await healthyParts(services, needed),
    serviceMails: status.outbox,
    inbound: describeInbound(status.inbound),
    relays: describeRelays(status.relays, services.now()),
  }
}

async function editionDeliveries(services: Services, key: EditionKey, state?: ListedState, after = 0) {
  const edition = await findEdition(services, key)
  const [progress, { relays, domains }, details] = await Promise.all([
    progressOf(services, edition.id),
    reportDeliveries(services, edition.id),
    ['sending', 'paused'].includes(edition.state) ? describeSending(services, edition.id) : [],
  ])
  const listed = state && (await listDeliveries(services, edition, state, { after }))
  const done = progress.total - progress.open
  const href = deliveriesHref(key)
  return {
    name: nameOf(key),
    href,
    editionHref: editionHref(key),
    state: edition.state,
    seenPhase: fingerprint(...phaseOf(edition)),
    status: describeState(edition),
    pausedWhy: edition.pausedWhy,
    isLive: ['released', 'sending', 'paused'].includes(edition.state),
    total: count(progress.total),
    done: count(done),
    share: progress.total === 0 ? 0 : Math.floor((done / progress.total) * 100),
    planned: edition.state === 'released' && progress.total === 0 ? await describeFirst(services, edition) : undefined,
    nextTry: progress.open > 0 && progress.nextTry ? plainMoment(progress.nextTry) : undefined,
    details,
    figures: outcomeFigures(progress.states, { all: true }),
    actions: actionsFor(edition, { mayHaveArrived: true }),
    groups: [
      { name: 'Relay', rows: relays.map(groupRow) },
      { name: 'Recipient domain', rows: domains.map(groupRow) },
    ],
    lists: LISTED_STATES.map((each) => ({
      state: each,
      count: count(progress.states[each] ?? 0),
      href: `${href}?state=${each}#list`,
      isShown: each === state,
    })).filter((each) => each.count !== '0' || each.isShown),
    resendable: resendable(edition.state, progress),
    list: listed && {
      state,
      deliveries: listed.deliveries.map(({ handedAt, settledAt, ...each }) => ({
        ...each,
        handedAt: handedAt ? plainMoment(handedAt) : '',
        settledAt: settledAt ? plainMoment(settledAt) : '',
      })),
      isFirst: after === 0,
      first: `${href}?state=${state}#list`,
      next: listed.next === undefined ? undefined : `${href}?state=${state}&after=${listed.next}#list`,
    },
  }
}

const describeSending = async (services: Services, editionId: number): Promise<string[]> => [
  describePlan(await sendPlan(services, editionId), services.now()),
  ...describeSendingDetails(await sendingDetails(services, editionId)),
]

/** When the emails begin, while none is due yet. */
async function describeFirst(services: Services, edition: Awaited<ReturnType<typeof findEdition>>) {
  const { readers, first } = await forecast(services, edition)
  return first
    ? `The first email leaves ${plainMoment(first)}. Readers to come: ${count(readers)}.`
    : 'No reader gets this edition.'
}

const groupRow = ({ name, ...counts }: NamedCounts) => ({
  name,
  counts: [
    counts.total,
    counts.accepted,
    counts.underWay,
    counts.deferred,
    counts.refused,
    counts.unknown,
    counts.notSent,
  ].map(count),
})

const resendable = (state: string, { states }: Progress) =>
  ['sending', 'sent', 'paused'].includes(state)
    ? RESENDABLE_STATES.filter((each) => states[each]).map((each) => ({ state: each, count: count(states[each]!) }))
    : []
