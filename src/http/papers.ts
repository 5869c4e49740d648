import type { FastifyReply } from 'fastify'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { isDay } from '../papers/days.ts'
import { listDay } from '../papers/list-day.ts'
import { nearestDays } from '../papers/nearest-days.ts'
import type { Services } from '../services.ts'
import { dayHref, listPage } from './list-page.ts'
import { fullDay } from './words.ts'

/** The same for everybody, and a minute old is new enough. */
const KEEP = 'public, max-age=60'

/** The front page with the newest list, and the list of a day. */
export const paperRoutes: FastifyPluginAsyncZod<Services> = async (app, { db, now, config }) => {
  const deps = { db, now, closeHourUtc: config.EDITION_CLOSE_HOUR_UTC }

  app.get('/', async (_request, reply) => {
    const day = await listDay(deps)
    return reply.header('cache-control', KEEP).view('home', day ? listPage(day) : { papers: [] })
  })

  const schema = { querystring: z.object({ date: z.string().optional().catch('') }) }
  app.get('/papers', { schema }, async ({ query: { date } }, reply) => {
    if (date === undefined) return reply.redirect('/')
    if (!isDay(date)) return notADay(reply)
    const day = await listDay(deps, date)
    if (day) return reply.header('cache-control', KEEP).view('home', listPage(day))
    return noPapers(reply, date, await nearestDays(deps, date))
  })
}

const notADay = (reply: FastifyReply) =>
  reply.code(400).view('message', {
    heading: 'This is not a day',
    text: 'A day is written year, month, day, and has to be in the calendar: /papers?date=2026-03-14.',
  })

const noPapers = (reply: FastifyReply, date: string, { previous, next }: { previous?: string; next?: string }) =>
  reply.code(404).view('message', {
    heading: 'No papers on this day',
    text: `There is no list of ${fullDay(date)}. At weekends there is mostly none.`,
    links: [previous, next]
      .filter((day) => day !== undefined)
      .map((day) => ({ href: dayHref(day), label: fullDay(day) })),
  })
