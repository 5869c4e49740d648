import { fastifyEtag } from '@fastify/etag'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { feedDateOf, feedPapers, newestClosedDay } from '../../papers/lists/feed-papers.ts'
import { canonicalSlug } from '../../papers/topics/keywords.ts'
import { readTopicNames } from '../../papers/topics/topic-name.ts'
import type { Services } from '../../runtime/services.ts'
import { atomDocument, type FeedContent, jsonDocument, rssDocument } from './feed-documents.ts'

const FORMS = {
  '/feed.xml': { type: 'application/rss+xml', write: rssDocument },
  '/feed.atom': { type: 'application/atom+xml', write: atomDocument },
  '/feed.json': { type: 'application/feed+json', write: jsonDocument },
} as const

const topic = z
  .string()
  .regex(/^[a-z0-9-]{1,60}$/)
  .transform(canonicalSlug)
  .optional()

/** Feeds of all papers and by topic. An unchanged feed answers 304. */
export const feedRoutes: FastifyPluginAsyncZod<Services> = async (app, { db, now, config }) => {
  await app.register(fastifyEtag)
  const deps = { db, now, closeHourUtc: config.EDITION_CLOSE_HOUR_UTC }
  const since = (paper: { listDay: string }) => feedDateOf(paper.listDay, deps.closeHourUtc)

  app.get('/feeds', async (_request, reply) =>
    reply.headers({ 'cache-control': 'public, max-age=3600', vary: 'accept-language' }).view('feeds'),
  )

  for (const [path, { type, write }] of Object.entries(FORMS)) {
    const schema = { querystring: z.object({ topic }) }
    app.get(path, { schema, attachValidation: true }, async (request, reply) => {
      const { t } = reply.locals!
      if (request.validationError) {
        return reply.code(404).view('message', { heading: t.topics.noPapers, text: t.topics.noPapersText })
      }
      const { query } = request
      const papers = await feedPapers(deps, query.topic)
      const topics = papers.flatMap((paper) => paper.topics)
      const content: FeedContent = {
        t,
        publicUrl: config.PUBLIC_URL,
        path: query.topic ? `${path}?topic=${query.topic}` : path,
        home: query.topic ? `/topics/${query.topic}` : '/',
        topic: query.topic,
        curator: config.CURATOR_NAME,
        nameOf: await readTopicNames(db, query.topic ? [query.topic, ...topics] : topics, t),
        papers,
        since,
        closedAt: feedDateOf(newestClosedDay(deps), deps.closeHourUtc),
      }
      return reply
        .headers({ 'cache-control': 'public, max-age=900', vary: 'accept-language' })
        .type(`${type}; charset=utf-8`)
        .send(write(content))
    })
  }
}
