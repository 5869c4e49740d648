import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { dayOf } from '../../calendar/days.ts'
import { fullDay } from '../../calendar/words.ts'
import { isolated } from '../../lib/isolated.ts'
import { readCited } from '../../papers/lists/cited.ts'
import { readListed } from '../../papers/lists/listed-rows.ts'
import { findPublicPaper } from '../../papers/lists/paper.ts'
import { SAVED_FILES } from '../../papers/saved-files.ts'
import { readJudged } from '../../papers/votes/judged.ts'
import { listSaved } from '../../papers/votes/own-papers.ts'
import type { Services } from '../../runtime/services.ts'
import { addPrivateFeed, privateFeedLinks } from '../feeds/private-feed.ts'
import { idField, pastMoment } from '../kit/params.ts'
import { saveTransfer } from '../kit/save-transfer.ts'
import { disallowIndexing } from '../kit/security.ts'
import { paperItem, saveButton } from '../pages/paper-item.ts'

const FEED = { home: '/saved', purpose: 'saved-feed' } as const

/** A reader's saved papers: the page, the files to export them, and a private feed. */
export const savedRoutes: FastifyPluginAsyncZod<Services> = async (app, services) => {
  disallowIndexing(app)
  // Feed readers ask often. An unchanged feed answers 304.
  await saveTransfer(app)
  const { db, keys, now, config } = services

  const paged = {
    querystring: z.object({
      before: pastMoment.optional().catch(undefined),
      removed: idField.optional().catch(undefined),
    }),
  }
  app.get('/saved', { schema: paged }, async ({ reader, query }, reply) => {
    const { t } = reply.locals!
    if (reader === undefined) return reply.view('how-to-vote', { how: t.saved })
    const { before } = query
    const { papers, next } = await listSaved(services, reader, { before })
    const path = before ? `/saved?before=${before.toISOString()}` : '/saved'
    // The last paper of a later page was removed.
    if (before && papers.length === 0)
      return reply.redirect(query.removed === undefined ? '/saved' : `/saved?removed=${query.removed}`)
    const judged = await readJudged(db, reader, papers)
    const known = query.removed === undefined ? undefined : await findPublicPaper(services, String(query.removed))
    const [removed] = known ? await readListed(db, [known.id], now()) : []
    return reply.view('saved', {
      feeds: privateFeedLinks(keys, FEED, reader),
      files: papers.length > 0 ? Object.keys(SAVED_FILES) : [],
      removed: removed && {
        title: isolated(removed.title),
        save: saveButton(removed, { saved: false, back: '/saved' }),
      },
      papers: papers.map((paper) => ({
        ...paperItem(paper, { t, ...judged, path }),
        save: saveButton(paper, { saved: true, back: `${path}${before ? '&' : '?'}removed=${paper.id}` }),
        reason: t.saved.savedOn(fullDay(dayOf(paper.at), t.intl)),
      })),
      paging: (before || next) && {
        label: t.list.pages,
        start: before && { href: '/saved', label: t.list.fromTheTop },
        next: next && { href: `/saved?before=${next.toISOString()}`, label: t.list.more },
      },
    })
  })

  for (const [ending, { type, write }] of Object.entries(SAVED_FILES)) {
    app.get(`/saved.${ending}`, async ({ reader }, reply) => {
      if (reader === undefined) return reply.redirect('/saved', 302)
      const { papers } = await listSaved(services, reader, { limit: Number.MAX_SAFE_INTEGER - 1 })
      return reply
        .header('content-disposition', `attachment; filename="saved.${ending}"`)
        .type(`${type}; charset=utf-8`)
        .send(write(await readCited(db, papers), config.PUBLIC_URL))
    })
  }

  addPrivateFeed(app, services, {
    ...FEED,
    about: (t) => ({ title: t.saved.feedName, description: t.saved.feedDescription }),
    read: async (reader) => (await listSaved(services, reader)).papers,
  })
}
