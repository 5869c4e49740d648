import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { fullDay } from '../../calendar/words.ts'
import { papersForReader } from '../../delivery/preview/papers-for-reader.ts'
import { feedDateOf } from '../../papers/lists/feed-papers.ts'
import { readJudged } from '../../papers/votes/judged.ts'
import type { Services } from '../../runtime/services.ts'
import { addPrivateFeed, privateFeedLinks } from '../feeds/private-feed.ts'
import { saveTransfer } from '../kit/save-transfer.ts'
import { disallowIndexing } from '../kit/security.ts'
import { paperItem } from '../pages/paper-item.ts'

const FEED = { home: '/for-you', purpose: 'for-you-feed' } as const

/** The newest edition as a reader's digest has it, as a page and as a private feed. */
export const forYouRoutes: FastifyPluginAsyncZod<Services> = async (app, services) => {
  disallowIndexing(app)
  await saveTransfer(app)
  const { db, keys, config } = services

  app.get('/for-you', async ({ reader }, reply) => {
    const { t } = reply.locals!
    if (reader === undefined) return reply.view('how-to-vote', { how: t.forYou })
    const found = await papersForReader(services, reader)
    const papers = found?.papers ?? []
    const judged = await readJudged(db, reader, papers)
    return reply.view('for-you', {
      edition: found && fullDay(found.date, t.intl),
      feeds: privateFeedLinks(keys, FEED, reader),
      papers: papers.map((paper) => {
        const item = paperItem(paper, { t, ...judged, path: '/for-you' })
        return { ...item, reason: paper.because ?? item.reason, picked: paper.because ? false : item.picked }
      }),
    })
  })

  addPrivateFeed(app, services, {
    ...FEED,
    about: (t) => ({ title: t.forYou.feedName, description: t.forYou.feedDescription }),
    read: async (reader) => {
      const found = await papersForReader(services, reader)
      const at = found && feedDateOf(found.date, config.EDITION_CLOSE_HOUR_UTC)
      return (found?.papers ?? []).map((paper) => ({ ...paper, at: at! }))
    },
  })
}
