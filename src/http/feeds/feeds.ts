import { createHash } from 'node:crypto'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { LRUCache } from 'lru-cache'
import { z } from 'zod'
import type { Messages } from '../../messages/en.ts'
import { feedDateOf, feedPapers, newestClosedDay } from '../../papers/lists/feed-papers.ts'
import { canonicalSlug } from '../../papers/topics/keywords.ts'
import { readTopicNames } from '../../papers/topics/topic-name.ts'
import type { Services } from '../../runtime/services.ts'
import { setCacheControl } from '../kit/cache-control.ts'
import { openToOtherSites } from '../kit/cors.ts'
import { inLanguage } from '../kit/language.ts'
import { saveTransfer } from '../kit/save-transfer.ts'
import { authorHref, organizationHref } from '../pages/people-paths.ts'
import type { FeedContent } from './feed-documents.ts'

type Write = (content: FeedContent) => Promise<string>

// The library that writes feeds has 132 files, which load with the first feed.
const writeRss: Write = async (content) => (await import('./feed-documents.ts')).rssDocument(content)
const writeAtom: Write = async (content) => (await import('./feed-documents.ts')).atomDocument(content)
const writeJson: Write = async (content) => (await import('./feed-documents.ts')).jsonDocument(content)

export const FEED_FORMS = {
  '/feed.xml': { type: 'application/rss+xml', name: 'RSS', write: writeRss },
  '/feed.atom': { type: 'application/atom+xml', name: 'Atom', write: writeAtom },
  '/feed.json': { type: 'application/feed+json', name: 'JSON Feed', write: writeJson },
} as const

const name = z.string().min(1).max(300).optional()

const topic = z
  .string()
  .regex(/^[a-z0-9-]{1,60}$/i)
  .transform(canonicalSlug)
  .optional()

/** Feeds of all papers, and by topic, author and organisation. An unchanged feed answers 304. */
export const feedRoutes: FastifyPluginAsyncZod<Services> = async (app, { db, now, config }) => {
  await saveTransfer(app)
  app.addHook('onRequest', async (_request, reply) => void openToOtherSites(reply))
  const deps = { db, now, closeHourUtc: config.EDITION_CLOSE_HOUR_UTC }
  const keep = keepDocuments()
  const since = (paper: { listDay: string }) => feedDateOf(paper.listDay, deps.closeHourUtc)

  app.get('/feeds', async ({ reader }, reply) => setCacheControl(reader, reply, 3600).view('feeds'))

  for (const [path, { type, write }] of Object.entries(FEED_FORMS)) {
    const schema = { querystring: z.object({ topic, author: name, organisation: name }) }
    app.get(path, { schema, attachValidation: true }, async (request, reply) => {
      const { t, asked } = reply.locals!
      if (request.validationError) {
        return reply.code(404).view('message', { heading: t.topics.noPapers, text: t.topics.noPapersText })
      }
      const { query } = request
      const papers = await feedPapers(deps, query)
      const topics = papers.flatMap((paper) => paper.topics)
      const nameOf = await readTopicNames(db, query.topic ? [query.topic, ...topics] : topics, t)
      const content: FeedContent = {
        t,
        publicUrl: config.PUBLIC_URL,
        newsletter: config.newsletter.name,
        path: inLanguage(`${path}?${new URLSearchParams(query as Record<string, string>)}`, asked),
        ...aboutOf(query, t, nameOf),
        description: t.feeds.description(config.CURATOR_NAME),
        nameOf,
        papers,
        since,
        closedAt: feedDateOf(newestClosedDay(deps), deps.closeHourUtc),
      }
      return reply
        .headers({ 'cache-control': 'public, max-age=900', vary: 'accept-language, cookie' })
        .type(`${type}; charset=utf-8`)
        .send(await keep(content, topics, write))
    })
  }
}

/**
 * Returns a function that writes a feed's document, or returns its last one while the content is the same. Writing takes twice as long
 * as reading the papers, and most polls find what the last ones found. As bytes, its compressed forms are kept with it.
 */
function keepDocuments() {
  const kept = new LRUCache<string, { hash: string; document: Buffer }>({ max: 100 })
  return async (content: FeedContent, topics: readonly string[], write: Write): Promise<Buffer> => {
    const { t, nameOf, since: _, ...said } = content
    const feed = `${t.lang} ${content.path}`
    const hash = createHash('sha1')
      .update(JSON.stringify([topics.map(nameOf), said]))
      .digest('base64url')
    const last = kept.get(feed)
    if (last?.hash === hash) return last.document
    const document = Buffer.from(await write(content))
    kept.set(feed, { hash, document })
    return document
  }
}

type Filter = Parameters<typeof feedPapers>[1]

/** The feed's title, and the page that has this feed. */
function aboutOf({ topic, author, organisation }: NonNullable<Filter>, t: Messages, nameOf: (slug: string) => string) {
  if (topic) return { title: t.feeds.nameFor(nameOf(topic)), home: `/topics/${topic}` }
  if (author) return { title: t.feeds.nameBy(author), home: authorHref(author) }
  if (organisation) return { title: t.feeds.nameBy(organisation), home: organizationHref(organisation) }
  return { title: t.feeds.name, home: '/' }
}
