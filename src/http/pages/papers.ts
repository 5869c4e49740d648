import type { FastifyReply, FastifyRequest } from 'fastify'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { dayOf } from '../../calendar/days.ts'
import { type Span, spanAround, spanNamed } from '../../calendar/spans.ts'
import { fullDay } from '../../calendar/words.ts'
import { type EditionPaper, newestEdition, readEditionList } from '../../edition/compose/edition-list.ts'
import { countDays, type List, listDay, listSpan, neighbours } from '../../papers/lists/list-day.ts'
import { nearestDays } from '../../papers/lists/nearest-days.ts'
import { readJudged } from '../../papers/votes/judged.ts'
import type { Services } from '../../runtime/services.ts'
import { setCacheControl } from '../kit/cache-control.ts'
import { spanHref } from '../kit/span-href.ts'
import { cached } from './cached-topics.ts'
import { editionPath } from './edition-page.ts'
import { listPage } from './list-page.ts'

/** The front page with the latest list, and the lists of days, weeks and months. */
export const paperListRoutes: FastifyPluginAsyncZod<Services> = async (app, services) => {
  const { db, now, config } = services
  const readRising = cached(services, () => newestRising(services))
  const deps = { db, now, closeHourUtc: config.EDITION_CLOSE_HOUR_UTC }

  async function showList(
    request: FastifyRequest,
    reply: FastifyReply,
    list: List,
    { rising, after }: { rising?: EditionPaper[]; after?: number | undefined },
  ) {
    const { t } = reply.locals!
    const judged = await readJudged(db, request.reader, list.papers)
    const month = spanAround('month', list.lastDay)
    const [days, months] = await Promise.all([countDays(deps, month), neighbours(db, month, dayOf(now()))])
    const page = listPage(list, { t, ...judged, days, months, rising, after, path: request.url })
    return setCacheControl(request.reader, reply).view('home', page)
  }

  app.get('/', async (request, reply) => {
    const list = await listDay(deps)
    if (list) return showList(request, reply, list, { rising: await readRising() })
    return setCacheControl(request.reader, reply).view('home', { papers: [] })
  })

  const named = z.string().optional().catch('')
  const schema = {
    querystring: z.object({
      date: named,
      week: named,
      month: named,
      after: z.coerce.number().int().optional().catch(undefined),
    }),
  }
  app.get('/papers', { schema }, async (request, reply) => {
    const { date, week, month, after } = request.query
    if (date === undefined && week === undefined && month === undefined) return reply.redirect('/')
    const span =
      date !== undefined
        ? spanNamed('day', date)
        : week !== undefined
          ? spanNamed('week', week)
          : spanNamed('month', month!)
    if (!span) return notInCalendar(reply, date !== undefined)
    const list = await listSpan(deps, span, { after })
    if (list) return showList(request, reply, list, { after })
    const edition = await editionOf(services, span)
    if (edition) return reply.redirect(edition)
    return noPapers(reply, span, await nearestDays(deps, span.from))
  })
}

/** The page of a span's edition. One that was released before its list begins is all that its emails can lead to until then. */
async function editionOf(services: Services, { kind, from }: Span): Promise<string | undefined> {
  const edition = kind === 'month' ? undefined : kind === 'week' ? 'weekly' : 'daily'
  return edition && (await readEditionList(services, from, edition)) ? editionPath(edition, from) : undefined
}

/** More would push the topics of a phone's page down. */
const MOST_RISING = 3

/** Papers of earlier lists that the newest daily edition calls still rising. */
async function newestRising(services: Services): Promise<EditionPaper[]> {
  const date = await newestEdition(services)
  const edition = date && (await readEditionList(services, date))
  return edition ? edition.papers.filter(({ section }) => section === 'rising').slice(0, MOST_RISING) : []
}

const notInCalendar = (reply: FastifyReply, aDay: boolean) => {
  const { list } = reply.locals!.t
  return reply.code(400).view('message', {
    heading: aDay ? list.notADay : list.notASpan,
    text: aDay ? list.notADayText : list.notASpanText,
  })
}

function noPapers(reply: FastifyReply, span: Span, nearest: { previous?: string; next?: string }) {
  const { t } = reply.locals!
  return reply.code(404).view('message', {
    heading: span.kind === 'day' ? t.list.noPapers : t.list.noPapersIn,
    text: span.kind === 'day' ? t.list.noPapersText(fullDay(span.from, t.intl)) : t.list.noPapersInText,
    links: [nearest.previous, nearest.next]
      .filter((day) => day !== undefined)
      .map((day) => ({ href: spanHref(spanAround('day', day)), label: fullDay(day, t.intl) })),
  })
}
