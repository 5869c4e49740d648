import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { dayOf, daysLater } from '../../calendar/days.ts'
import { plainDay, plainMoment } from '../../calendar/words.ts'
import { describeProgress, progressOf } from '../../delivery/ledger/progress.ts'
import { listLatestEditions } from '../../edition/draft/curator-view.ts'
import { describeInbound } from '../../inbound/report.ts'
import { findAttention } from '../../operate/attention/find.ts'
import { healthyParts } from '../../operate/doctor/service.ts'
import { readServiceStatus } from '../../operate/status.ts'
import { openSubmissions } from '../../papers/ingest/submissions.ts'
import { describeRelays } from '../../relay/report.ts'
import type { Services } from '../../runtime/services.ts'
import { describeSignUps } from '../../subscription/signup-protection/report.ts'
import { describeState, editionHref } from './edition-labels.ts'

const EDITIONS_SHOWN = 14

const isUnderWay = ({ state }: { state: string }): boolean => state === 'sending' || state === 'paused'

/** The status of everything, with problems first. */
export const overviewRoutes: FastifyPluginAsyncZod<Services> = async (app, services) => {
  app.get('/admin', async (_request, reply) => {
    const [status, needed, editions, submissions] = await Promise.all([
      readServiceStatus(services),
      findAttention(services),
      listLatestEditions(services, EDITIONS_SHOWN),
      openSubmissions(services),
    ])
    // Only the newest finished edition: counting one takes 0.2 s at a million readers.
    const counted = [...editions.filter(isUnderWay), ...editions.filter(({ state }) => state === 'sent').slice(0, 1)]
    const became = new Map(
      await Promise.all(counted.map(async ({ id }) => [id, describeProgress(await progressOf(services, id))] as const)),
    )
    const known = new Set(editions.map(({ kind, date }) => `${kind} ${date}`))
    const today = dayOf(services.now())
    return reply.view('admin/overview', {
      needed: needed.map(({ since, href, ...each }) => ({
        ...each,
        since: since ? plainMoment(since) : '',
        href: href === '/admin' ? '' : href,
      })),
      fine: await healthyParts(services, needed),
      readers: Object.entries(status.readers).map(([name, count]) => ({ name, count: count.toLocaleString('en') })),
      signUps: describeSignUps(status.signUps),
      serviceMails: status.outbox,
      inbound: describeInbound(status.inbound),
      relays: describeRelays(status.relays, services.now()),
      waiting: submissions.filter(({ state }) => state === 'found').length,
      editions: editions.map((edition) => ({
        href: editionHref(edition),
        name: edition.kind === 'weekly' ? `Week of ${plainDay(edition.date)}` : plainDay(edition.date),
        state: describeState(edition),
        papers: edition.papers,
        release: edition.state === 'draft' && !edition.held ? plainMoment(edition.releaseAt) : '',
        became: became.get(edition.id) ?? '',
      })),
      // Lists without an edition yet, for a look before the schedule assembles it.
      days: [today, daysLater(today, -1)]
        .filter((day) => !known.has(`daily ${day}`))
        .map((day) => ({ href: editionHref({ kind: 'daily', date: day }), name: plainDay(day) })),
    })
  })
}
