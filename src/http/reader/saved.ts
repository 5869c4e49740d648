import { fastifyEtag } from '@fastify/etag'
import type { FastifyReply } from 'fastify'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { dayOf } from '../../calendar/days.ts'
import { fullDay } from '../../calendar/words.ts'
import { PaperboyError } from '../../lib/errors.ts'
import { mintToken, type TokenKeys, verifyToken } from '../../mail/tokens.ts'
import { isLocale } from '../../messages/catalogue.ts'
import { readCited } from '../../papers/lists/cited.ts'
import { feedDateOf, newestClosedDay } from '../../papers/lists/feed-papers.ts'
import { readListed } from '../../papers/lists/listed-rows.ts'
import { SAVED_FILES } from '../../papers/saved-files.ts'
import { readTopicNames } from '../../papers/topics/topic-name.ts'
import { readJudged } from '../../papers/votes/judged.ts'
import { listSaved } from '../../papers/votes/own-papers.ts'
import { queryColumn, text } from '../../runtime/db/query.ts'
import type { Services } from '../../runtime/services.ts'
import { FEED_FORMS } from '../feeds/feeds.ts'
import { setLocale } from '../kit/language.ts'
import { pastMoment } from '../kit/params.ts'
import { disallowIndexing } from '../kit/security.ts'
import { paperItem, saveButton } from '../pages/paper-item.ts'

/** A reader's saved papers: the page, the files to export them, and a private feed. */
export const savedRoutes: FastifyPluginAsyncZod<Services> = async (app, services) => {
  disallowIndexing(app)
  // Feed readers ask often. An unchanged feed answers 304.
  await app.register(fastifyEtag)
  const { db, keys, now, config } = services

  const paged = {
    querystring: z.object({
      before: pastMoment.optional().catch(undefined),
      removed: z.coerce.number().int().positive().max(Number.MAX_SAFE_INTEGER).optional().catch(undefined),
    }),
  }
  app.get('/saved', { schema: paged }, async ({ reader, query }, reply) => {
    const { t } = reply.locals!
    if (reader === undefined) return reply.view('how-to-vote', { how: t.saved })
    const { before } = query
    const { papers, next } = await listSaved(services, reader, { before })
    const judged = await readJudged(db, reader, papers)
    const [removed] = query.removed ? await readListed(db, [query.removed], now()) : []
    const path = before ? `/saved?before=${before.toISOString()}` : '/saved'
    return reply.view('saved', {
      feeds: feedLinks(keys, reader),
      files: papers.length > 0 || before ? Object.keys(SAVED_FILES) : [],
      removed: removed && { title: removed.title, save: saveButton(removed, { saved: false, back: '/saved' }) },
      papers: papers.map((paper) => ({
        ...paperItem(paper, { t, ...judged, path }),
        save: saveButton(paper, { saved: true, back: `/saved?removed=${paper.id}` }),
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

  const linked = { params: z.object({ token: z.string() }) }
  for (const [file, { type, write }] of Object.entries(FEED_FORMS)) {
    app.get(`/saved/:token${file}`, { schema: linked }, async ({ params: { token } }, reply) => {
      const reader = verifyToken(keys, 'saved-feed', token).subscriberId
      const t = await localeOfReader(services, reader, reply)
      const { papers } = await listSaved(services, reader)
      const deps = { now, closeHourUtc: config.EDITION_CLOSE_HOUR_UTC }
      const savedAt = new Map(papers.map((paper) => [paper.id, paper.at]))
      return reply.type(`${type}; charset=utf-8`).send(
        write({
          t,
          publicUrl: config.PUBLIC_URL,
          path: `/saved/${token}${file}`,
          home: '/saved',
          title: t.saved.feedName,
          description: t.saved.feedDescription,
          nameOf: await readTopicNames(
            db,
            papers.flatMap((paper) => paper.topics),
            t,
          ),
          papers,
          since: (paper) => savedAt.get(paper.id)!,
          closedAt: feedDateOf(newestClosedDay(deps), deps.closeHourUtc),
        }),
      )
    })
  }
}

/** The private feed in its three formats. Its link never expires, so the token names no time and stays the same. */
function feedLinks(keys: TokenKeys, reader: number) {
  const token = mintToken(keys, 'saved-feed', reader, new Date(0))
  return Object.entries(FEED_FORMS).map(([file, { type, name }]) => ({ type, name, href: `/saved/${token}${file}` }))
}

/** Sets the reader's own language. @throws PaperboyError TOKEN_UNKNOWN for an erased or deleted reader */
async function localeOfReader({ db }: Pick<Services, 'db'>, reader: number, reply: FastifyReply) {
  const [locale] = await queryColumn(db, text)`
    SELECT locale FROM subscribers WHERE id = ${reader} AND status <> 'erased'`
  if (locale === undefined)
    throw new PaperboyError('TOKEN_UNKNOWN', 'This link is not valid. Part of it may be missing.')
  return setLocale(reply, isLocale(locale) ? locale : 'en')
}
