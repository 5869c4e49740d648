import type { FastifyReply, FastifyRequest } from 'fastify'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { LRUCache } from 'lru-cache'
import { z } from 'zod'
import type { Messages } from '../../messages/en.ts'
import { searchPapers } from '../../papers/search/search.ts'
import { parseCursor } from '../../papers/search/search-cursor.ts'
import { findTopics } from '../../papers/topics/find-topics.ts'
import { canonicalSlug } from '../../papers/topics/keywords.ts'
import { readJudged } from '../../papers/votes/judged.ts'
import type { Services } from '../../runtime/services.ts'
import { isFollowing } from '../../subscription/follow.ts'
import { setCacheControl } from '../kit/cache-control.ts'
import { cachedWeeks } from './cached-topics.ts'
import { readTopic, topicPage } from './topic-page.ts'
import { foundTopicsPage, topicsPage } from './topics-page.ts'

/** Heads of topic pages, cached for five minutes. */
const HEADS = { max: 1000, ttl: 5 * 60_000, noUpdateTTL: true }

/** All fields by group, topics found by words, and each topic's papers. An earlier slug redirects to the topic's own. */
export const topicRoutes: FastifyPluginAsyncZod<Services> = async (app, services) => {
  const { db } = services
  const weeksOfAll = cachedWeeks(services)
  const heads = new LRUCache<string, ReturnType<typeof readTopic>>(HEADS)

  const asked = z.object({
    q: z
      .string()
      .transform((typed) => typed.slice(0, 200))
      .optional()
      .catch(undefined),
    after: z.coerce.number().int().min(0).max(100_000).optional().catch(undefined),
  })
  app.get('/topics', { schema: { querystring: asked } }, async (request, reply) => {
    const { t } = reply.locals!
    const { q, after } = request.query
    const words = q?.trim()
    setCacheControl(request.reader, reply, 300)
    if (words)
      return reply.view('topics-found', foundTopicsPage(await findTopics(services, words, t), words, after ?? 0, t))
    return reply.view('topics', await topicsPage(db, await weeksOfAll(), t))
  })

  /** A failure is not cached. */
  function headOf(slug: string, t: Messages) {
    const key = `${t.lang} ${slug}`
    const head = heads.get(key) ?? readTopic(services, slug, t, weeksOfAll)
    heads.set(key, head)
    head.catch(() => heads.delete(key))
    return head
  }

  async function show(request: FastifyRequest, reply: FastifyReply, slug: string, typed: string | undefined) {
    const { t } = reply.locals!
    const after = parseCursor({ after: typed }) && typed
    const found = await searchPapers(services, { topic: slug, after })
    if (found.papers.length === 0) return noPapers(reply)
    const judged = await readJudged(db, request.reader, found.papers)
    const following = await isFollowing(db, request.reader, 'topic', slug)
    const topic = await headOf(slug, t)
    return setCacheControl(request.reader, reply).view(
      'topic',
      topicPage(topic, found, { t, ...judged, following, after, newsletter: services.config.newsletter }),
    )
  }

  const schema = {
    params: z.object({ slug: z.string() }),
    querystring: z.object({ after: z.string().optional().catch(undefined) }),
  }
  app.get('/topics/:slug', { schema }, async (request, reply) => {
    const { slug } = request.params
    if (!/^[a-z0-9-]{1,60}$/i.test(slug)) return noPapers(reply)
    const canonical = canonicalSlug(slug)
    if (canonical !== slug) return reply.redirect(`/topics/${canonical}`, 301)
    return show(request, reply, slug, request.query.after)
  })
}

function noPapers(reply: FastifyReply) {
  const { t } = reply.locals!
  return reply.code(404).view('message', { heading: t.topics.noPapers, text: t.topics.noPapersText })
}
