import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { isDay } from '../../calendar/days.ts'
import { spanAround } from '../../calendar/spans.ts'
import { plainDay } from '../../calendar/words.ts'
import type { Messages } from '../../messages/en.ts'
import type { FoundPaper } from '../../papers/search/highlight.ts'
import { searchPapers } from '../../papers/search/search.ts'
import { canonicalSlug } from '../../papers/topics/keywords.ts'
import type { TopicCount } from '../../papers/topics/topic-counts.ts'
import { topicName } from '../../papers/topics/topic-name.ts'
import { readVotedIds } from '../../papers/votes/cast.ts'
import type { Services } from '../../runtime/services.ts'
import { setCacheControl } from '../kit/cache-control.ts'
import { spanHref } from '../kit/span-href.ts'
import { cachedTopics } from './cached-topics.ts'
import { paperItem, type Shown } from './paper-item.ts'

/** Topics in the form's select. Every topic has a page. */
const TOPICS_OFFERED = 60

const text = z.string().max(1000).optional().catch(undefined)

/** Query parameters of a search. Empty form fields count as absent. */
const asked = z.object({
  q: text,
  from: text,
  to: text,
  topic: text.transform((slug) => slug && canonicalSlug(slug)),
  code: z.literal('1').optional().catch(undefined),
  after: text,
})

type Asked = z.output<typeof asked>

/** Full-text search, filtered by day, topic and code. */
export const searchRoutes: FastifyPluginAsyncZod<Services> = async (app, services) => {
  const allTopics = cachedTopics(services)
  app.get('/search', { schema: { querystring: asked } }, async (request, reply) => {
    const { t } = reply.locals!
    const { query } = request
    const isAsking = [query.q, query.from, query.to, query.topic, query.code].some(Boolean)
    const found = isAsking ? await searchPapers(services, { ...query, hasCode: query.code === '1' }) : { papers: [] }
    const ids = found.papers.map((paper) => paper.id)
    const voted =
      request.reader === undefined ? new Set<number>() : await readVotedIds(services.db, request.reader, ids)
    const offered = (await allTopics()).slice(0, TOPICS_OFFERED)
    return setCacheControl(request.reader, reply).view('search', {
      title: query.q ? t.search.titleFor(query.q) : t.search.title,
      query,
      badFrom: Boolean(query.from) && !isDay(query.from!),
      badTo: Boolean(query.to) && !isDay(query.to!),
      topics: withChosen(offered, query.topic, t),
      isAsking,
      papers: found.papers.map((paper) => foundItem(paper, { t, voted, path: searchHref(query, query.after) })),
      paging: (query.after || found.next) && {
        label: t.list.pages,
        start: query.after && { href: searchHref(query), label: t.search.fromTheTop },
        next: found.next && { href: searchHref(query, found.next), label: t.search.more },
      },
    })
  })
}

/** The offered topics in the page's language, with the chosen one. */
function withChosen(offered: readonly TopicCount[], chosen: string | undefined, t: Messages) {
  const named = offered.map((topic) => ({ slug: topic.slug, name: topicName(topic.slug, t, topic.name) }))
  return chosen && !named.some(({ slug }) => slug === chosen)
    ? [{ slug: chosen, name: topicName(chosen, t) }, ...named]
    : named
}

function searchHref({ q, from, to, topic, code }: Asked, after?: string): string {
  const given = Object.entries({ q, from, to, topic, code, after }).filter(([, value]) => value)
  return `/search?${new URLSearchParams(given as [string, string][])}`
}

/** A search result: the paper with its hits marked and its list day. */
export const foundItem = (paper: FoundPaper, page: Shown) => ({
  ...paperItem(paper, page),
  titlePieces: paper.titlePieces,
  snippet: paper.snippet,
  when: { href: spanHref(spanAround('day', paper.listDay)), label: plainDay(paper.listDay, page.t.intl) },
})
