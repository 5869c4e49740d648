import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { searchPapers } from '../../papers/search/search.ts'
import { topicName } from '../../papers/topics/topics.ts'
import { readVotedIds } from '../../papers/votes/cast.ts'
import type { Services } from '../../runtime/services.ts'
import { feedLinks } from '../feeds/feed-links.ts'
import { setCacheControl } from '../kit/cache-control.ts'
import { cachedTopics } from './cached-topics.ts'
import { foundItem } from './search.ts'

/** All topics by number of papers, and each topic's papers, newest first. */
export const topicRoutes: FastifyPluginAsyncZod<Services> = async (app, services) => {
  const allTopics = cachedTopics(services)
  app.get('/topics', async (request, reply) => {
    const { t } = reply.locals!
    const topics = await allTopics()
    return setCacheControl(request.reader, reply, 300).view('topics', {
      topics: topics.map(({ slug, name, papers }) => ({
        href: `/topics/${slug}`,
        name,
        count: t.common.papers(papers),
      })),
    })
  })

  const schema = {
    params: z.object({ slug: z.string() }),
    querystring: z.object({ after: z.string().optional().catch(undefined) }),
  }
  app.get('/topics/:slug', { schema }, async (request, reply) => {
    const { t } = reply.locals!
    const { slug } = request.params
    const { after } = request.query
    const found = /^[a-z0-9-]{1,60}$/.test(slug) ? await searchPapers(services, { topic: slug, after }) : undefined
    if (!found || found.papers.length === 0) {
      return reply.code(404).view('message', { heading: t.topics.noPapers, text: t.topics.noPapersText })
    }
    const path = `/topics/${slug}`
    const ids = found.papers.map((paper) => paper.id)
    const voted =
      request.reader === undefined ? new Set<number>() : await readVotedIds(services.db, request.reader, ids)
    const name = topicName(slug)
    return setCacheControl(request.reader, reply).view('topic', {
      name,
      canonical: path,
      feeds: feedLinks(slug),
      feedName: t.feeds.nameFor(name),
      papers: found.papers.map((paper) => foundItem(paper, { t, voted, path })),
      paging: (after || found.next) && {
        label: t.list.pages,
        start: after && { href: path, label: t.topics.fromTheTop },
        next: found.next && { href: `${path}?after=${encodeURIComponent(found.next)}`, label: t.topics.more },
      },
    })
  })
}
