import type { FastifyReply, FastifyRequest } from 'fastify'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { dayOf } from '../../calendar/days.ts'
import { bibtex, ris } from '../../papers/cite.ts'
import { findPaper, findPublicPaper, readPaper } from '../../papers/lists/paper.ts'
import { placesOnDays } from '../../papers/lists/place-on-day.ts'
import { paperPath } from '../../papers/paper-path.ts'
import { similarPapers } from '../../papers/search/similar.ts'
import { readTopicNames } from '../../papers/topics/topic-name.ts'
import { readJudged } from '../../papers/votes/judged.ts'
import type { Services } from '../../runtime/services.ts'
import { isFollowing } from '../../subscription/follow.ts'
import { adminOf } from '../admin/guard.ts'
import { setCacheControl } from '../kit/cache-control.ts'
import { paperPage } from './paper-page.ts'

const SIMILAR = 5

/** What reference managers open. */
const CITATIONS = {
  'cite.bib': { type: 'application/x-bibtex', write: bibtex },
  'cite.ris': { type: 'application/x-research-info-systems', write: ris },
} as const

/** One paper, at /papers/2507.06261. Our id and other forms of the arXiv id redirect there. */
export const paperRoutes: FastifyPluginAsyncZod<Services> = async (app, services) => {
  const { db, now, config } = services
  const placeOf = placesOnDays({ db, now, closeHourUtc: config.EDITION_CLOSE_HOUR_UTC })

  async function show(request: FastifyRequest, reply: FastifyReply, name: string) {
    const { t } = reply.locals!
    const published = await findPublicPaper(services, name)
    // The desk links to papers of a list day to come.
    const known = published ?? ((await adminOf(services, request)) && (await findPaper(db, name)))
    const path = known && paperPath(known)
    if (path && decodeURIComponent(path) !== `/papers/${name}`) return reply.redirect(path, 301)
    const paper = known && (await readPaper(services, known.id))
    if (!paper || !path) {
      return reply.code(404).view('message', { heading: t.paper.notFound, text: t.paper.notFoundText, search: '' })
    }
    const [similar, place] = await Promise.all([similarPapers(services, paper.id, SIMILAR), placeOf(paper)])
    const following =
      paper.organization === undefined
        ? undefined
        : await isFollowing(db, request.reader, 'organisation', paper.organization)
    const judged = await readJudged(db, request.reader, [paper])
    const nameOf = await readTopicNames(db, paper.topics, t)
    const { PUBLIC_URL: publicUrl } = config
    const today = dayOf(now())
    const page = paperPage(paper, { t, ...judged, path, similar, place, following, publicUrl, today, nameOf })
    return (published ? setCacheControl(request.reader, reply, 300) : reply).view('paper', page)
  }

  app.get('/papers/:id', { schema: { params: z.object({ id: z.string() }) } }, (request, reply) =>
    show(request, reply, request.params.id),
  )

  for (const [file, { type, write }] of Object.entries(CITATIONS)) {
    app.get(`/papers/:id/${file}`, { schema: { params: z.object({ id: z.string() }) } }, async (request, reply) => {
      const known = await findPublicPaper(services, request.params.id)
      const paper = known && (await readPaper(services, known.id))
      if (!paper) return reply.callNotFound()
      return reply
        .headers({ 'cache-control': 'public, max-age=300', 'content-disposition': `attachment; filename="${file}"` })
        .type(`${type}; charset=utf-8`)
        .send(write(paper))
    })
  }
}
