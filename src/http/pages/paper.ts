import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { paperByArxivId, readPaper } from '../../papers/lists/paper.ts'
import { arxivId } from '../../papers/paper-id.ts'
import { similarPapers } from '../../papers/search/similar.ts'
import { votedFor } from '../../papers/votes/cast.ts'
import type { Services } from '../../runtime/services.ts'
import { keepFor } from '../kit/cache-control.ts'
import { paperId } from '../kit/params.ts'
import { paperHref } from './paper-item.ts'
import { paperPage } from './paper-page.ts'

const SIMILAR = 5

/** One paper. Its arXiv id leads there as well, so that a link can be typed: /papers/2507.06261. */
export const paperPageRoutes: FastifyPluginAsyncZod<Services> = async (app, services) => {
  const { db } = services
  app.get('/papers/:id', { schema: { params: z.object({ id: z.string() }) } }, async (request, reply) => {
    const { t } = reply.locals!
    const known = arxivId(request.params.id)
    const listed = known && (await paperByArxivId(db, known))
    if (listed) return reply.redirect(paperHref(listed))
    const paper = await readPaper(services, paperId.parse(request.params.id))
    if (!paper) {
      return reply.code(404).view('message', { heading: t.paper.notFound, text: t.paper.notFoundText })
    }
    const similar = await similarPapers(services, paper.id, SIMILAR)
    const ids = [paper, ...similar].map((each) => each.id)
    const voted = request.reader === undefined ? new Set<number>() : await votedFor(db, request.reader, ids)
    const page = paperPage(paper, similar, { t, voted, path: paperHref(paper.id) })
    return keepFor(request.reader, reply, 300).view('paper', page)
  })
}
