import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { progressInWords } from '../../delivery/progress.ts'
import { examineService } from '../../doctor/service.ts'
import { latestEditions } from '../../edition/desk.ts'
import { inboundInWords } from '../../inbound/report.ts'
import { dayOf, daysLater } from '../../papers/days.ts'
import { openSubmissions } from '../../papers/submissions.ts'
import type { Services } from '../../services.ts'
import { EDITIONS_SHOWN, readStatus } from '../../status.ts'
import { signUpsInWords } from '../../subscription/armour/report.ts'
import { plainDay, plainMoment } from '../words.ts'
import { editionHref, stateInWords } from './words.ts'

/** How everything stands, first of all what needs somebody. */
export const overviewRoutes: FastifyPluginAsyncZod<Services> = async (app, services) => {
  app.get('/admin', async (_request, reply) => {
    const [status, found, editions, submissions] = await Promise.all([
      readStatus(services),
      examineService(services),
      latestEditions(services, EDITIONS_SHOWN),
      openSubmissions(services),
    ])
    const progress = new Map(
      status.editions.map((each) => [`${each.kind} ${each.date}`, each.total > 0 ? progressInWords(each) : '']),
    )
    const known = new Set(editions.map(({ kind, date }) => `${kind} ${date}`))
    const today = dayOf(services.now())
    return reply.view('admin/overview', {
      needed: found.filter(({ state }) => state !== 'right'),
      fine: found.filter(({ state }) => state === 'right'),
      readers: Object.entries(status.readers).map(([name, count]) => ({ name, count: count.toLocaleString('en') })),
      signUps: signUpsInWords(status.signUps),
      serviceMails: status.outbox,
      inbound: inboundInWords(status.inbound),
      waiting: submissions.filter(({ state }) => state === 'found').length,
      editions: editions.map((edition) => ({
        href: editionHref(edition),
        name: edition.kind === 'weekly' ? `Week of ${plainDay(edition.date)}` : plainDay(edition.date),
        state: stateInWords(edition),
        papers: edition.papers,
        release: edition.state === 'draft' && !edition.held ? plainMoment(edition.releaseAt) : '',
        became: progress.get(`${edition.kind} ${edition.date}`) ?? '',
      })),
      // Lists whose edition nobody has made yet, for whoever wants to look before the clock does it.
      days: [today, daysLater(today, -1)]
        .filter((day) => !known.has(`daily ${day}`))
        .map((day) => ({ href: editionHref({ kind: 'daily', date: day }), name: plainDay(day) })),
    })
  })
}
