import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { dayOf } from '../../calendar/days.ts'
import { fullDay } from '../../calendar/words.ts'
import { readJudged } from '../../papers/votes/judged.ts'
import { readOwnVotes } from '../../papers/votes/own-papers.ts'
import { checkVoteLink } from '../../papers/votes/vote-link.ts'
import type { Services } from '../../runtime/services.ts'
import { isFromOwnSite, refuseCrossSite } from '../kit/own-site.ts'
import { pastMoment } from '../kit/params.ts'
import { disallowIndexing } from '../kit/security.ts'
import { paperItem } from '../pages/paper-item.ts'
import { setOwnLanguage } from './own-language.ts'
import { clearReaderCookie, setReaderCookie } from './reader.ts'

/** A reader's votes, and setting and clearing the reader cookie. */
export const ownVotesRoutes: FastifyPluginAsyncZod<Services> = async (app, services) => {
  disallowIndexing(app)

  const paged = {
    querystring: z.object({
      before: pastMoment.optional().catch(undefined),
      forgotten: z.literal('').optional().catch(undefined),
    }),
  }
  app.get('/votes', { schema: paged }, async (request, reply) => {
    const { before, forgotten } = request.query
    if (request.reader === undefined) return reply.view('how-to-vote', { forgotten: forgotten !== undefined })
    const { t } = reply.locals!
    const { papers, next } = await readOwnVotes(services, request.reader, { before })
    // The last vote of a later page was undone.
    if (before && papers.length === 0) return reply.redirect('/votes')
    const judged = await readJudged(services.db, request.reader, papers)
    const path = before ? `/votes?before=${before.toISOString()}` : '/votes'
    return reply.view('votes', {
      papers: papers.map((paper) => ({
        ...paperItem(paper, { t, ...judged, path }),
        reason: t.vote.castOn(fullDay(dayOf(paper.at), t.intl)),
      })),
      paging: (before || next) && {
        label: t.list.pages,
        start: before && { href: '/votes', label: t.list.fromTheTop },
        next: next && { href: `/votes?before=${next.toISOString()}`, label: t.list.more },
      },
    })
  })

  app.post('/votes/forget', async (request, reply) => {
    if (!isFromOwnSite(request, services.config.PUBLIC_URL)) return refuseCrossSite(reply)
    return clearReaderCookie(services, reply).redirect('/votes?forgotten=', 303)
  })
  // A browser may open a form's address again, after a restart.
  app.get('/votes/forget', async (_request, reply) => reply.redirect('/votes'))

  const linked = { params: z.object({ token: z.string() }) }
  app.get('/votes/:token', { schema: linked }, async ({ params }, reply) => {
    await setOwnLanguage(services, reply, checkVoteLink(services, params.token))
    return reply.view('open-votes', { action: `/votes/${params.token}` })
  })

  app.post('/votes/:token', { schema: linked }, async ({ params }, reply) => {
    const subscriberId = checkVoteLink(services, params.token)
    return setReaderCookie(services, reply, subscriberId).redirect('/votes', 303)
  })
}
