import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { isDay } from '../../calendar/days.ts'
import { spanAround } from '../../calendar/spans.ts'
import { plainDay } from '../../calendar/words.ts'
import { type Messages, messagesIn } from '../../messages/catalogue.ts'
import { paperPath } from '../../papers/paper-path.ts'
import { type FoundPaper, type SearchResult, searchPapers } from '../../papers/search/search.ts'
import { FIELDS } from '../../papers/topics/fields.ts'
import { canonicalSlug } from '../../papers/topics/keywords.ts'
import type { TopicCount } from '../../papers/topics/topic-counts.ts'
import { topicName } from '../../papers/topics/topic-name.ts'
import { readJudged } from '../../papers/votes/judged.ts'
import type { Services } from '../../runtime/services.ts'
import { setCacheControl } from '../kit/cache-control.ts'
import { spanHref } from '../kit/span-href.ts'
import { cachedTopics } from './cached-topics.ts'
import { paperItem, type Shown } from './paper-item.ts'
import { authorHref, organizationHref } from './people-paths.ts'

/** Topics in the form's select. Every topic has a page. */
const TOPICS_OFFERED = 60

/** A pasted abstract is longer than any query: its beginning finds the paper. */
const text = z
  .string()
  .transform((typed) => typed.slice(0, 1000))
  .optional()
  .catch(undefined)

/** Query parameters of a search. Empty form fields count as absent. */
const asked = z.object({
  q: text,
  from: text,
  to: text,
  topic: text.transform((slug) => slug && canonicalSlug(slug)),
  code: z.literal('1').optional().catch(undefined),
  order: z.literal('date').optional().catch(undefined),
  exact: z.literal('1').optional().catch(undefined),
  after: text,
})

type Asked = z.output<typeof asked>

/** Full-text search, filtered by day, topic and code. An arXiv id, link or DOI leads to its paper. */
export const searchRoutes: FastifyPluginAsyncZod<Services> = async (app, services) => {
  const allTopics = cachedTopics(services)
  app.get('/search', { schema: { querystring: asked } }, async (request, reply) => {
    const { t } = reply.locals!
    const { query } = request
    const isAsking = [query.q, query.from, query.to, query.topic, query.code].some(Boolean)
    const found = isAsking
      ? await searchPapers(services, { ...query, hasCode: query.code === '1', exact: query.exact === '1' })
      : undefined
    const [first] = found?.papers ?? []
    if (found?.isNamed && first) return reply.redirect(paperPath(first), 302)
    const judged = await readJudged(services.db, request.reader, found?.papers ?? [])
    const offered = (await allTopics()).slice(0, TOPICS_OFFERED)
    return setCacheControl(request.reader, reply).view('search', {
      title: query.q ? t.search.titleFor(query.q) : t.search.title,
      query,
      badFrom: Boolean(query.from) && !isDay(query.from!),
      badTo: Boolean(query.to) && !isDay(query.to!),
      topics: withChosen(offered, query.topic, t),
      unknownId: found?.arxivId,
      results: found && found.papers.length > 0 && resultsOf(found, query, { t, ...judged, path: searchHref(query) }),
      leads: query.q ? leadsOf(query.q, found?.papers ?? [], t) : [],
      isAsking,
    })
  })
}

/** Links to the topic, author or organisation that the words name. */
function leadsOf(words: string, papers: readonly FoundPaper[], t: Messages): { href: string; label: string }[] {
  const isNamed = (name: string | undefined): name is string => name?.toLowerCase() === words.trim().toLowerCase()
  const field = FIELDS.find(({ slug }) => isNamed(t.fields[slug].name) || isNamed(messagesIn('en').fields[slug].name))
  const author = papers.flatMap(({ authors }) => authors).find(isNamed)
  const organization = papers.map((paper) => paper.organization).find(isNamed)
  return [
    field && { href: `/topics/${field.slug}`, label: t.topics.about(t.fields[field.slug].name) },
    author && { href: authorHref(author), label: t.people.about(author) },
    organization && { href: organizationHref(organization), label: t.people.about(organization) },
  ].filter((lead) => lead !== undefined && lead !== '')
}

/** What the page shows of a search that found something. */
function resultsOf(found: SearchResult, query: Asked, page: Shown) {
  const { t } = page
  const { all, approximate, some, listed } = found.total
  const papersOf = (match: FoundPaper['match']) =>
    found.papers.filter((paper) => paper.match === match).map((paper) => foundItem(paper, page))
  const count = t.search.count(t.common.papers(all), approximate)
  return {
    count: all === 0 ? t.search.noneWithAll : some > 0 ? t.search.withAll(count) : count,
    orders: [
      { label: t.search.relevance, href: query.order && searchHref({ ...query, order: undefined, after: undefined }) },
      { label: t.search.date, href: !query.order && searchHref({ ...query, order: 'date', after: undefined }) },
    ],
    corrected: found.corrected && {
      words: found.corrected,
      href: searchHref({ ...query, q: found.corrected, after: undefined }),
      insteadHref: searchHref({ ...query, exact: '1', after: undefined }),
    },
    all: papersOf('all'),
    some: papersOf('some'),
    closest: t.search.closest(some),
    onlyBest: !found.next && all > listed && t.search.onlyBest(listed),
    paging: (query.after || found.next) && {
      label: t.list.pages,
      start: query.after && { href: searchHref({ ...query, after: undefined }), label: t.search.fromTheTop },
      next: found.next && { href: searchHref({ ...query, after: found.next }), label: t.search.more },
    },
  }
}

/** The offered topics in the page's language, with the chosen one. */
function withChosen(offered: readonly TopicCount[], chosen: string | undefined, t: Messages) {
  const named = offered.map((topic) => ({ slug: topic.slug, name: topicName(topic.slug, t, topic.name) }))
  return chosen && !named.some(({ slug }) => slug === chosen)
    ? [{ slug: chosen, name: topicName(chosen, t) }, ...named]
    : named
}

function searchHref(query: Asked): string {
  const given = Object.entries(query).filter(([, value]) => value)
  return `/search?${new URLSearchParams(given as [string, string][])}`
}

/** A search result: the paper with its hits marked and its list day. */
export const foundItem = (paper: FoundPaper, page: Shown) => ({
  ...paperItem(paper, page),
  titlePieces: paper.titlePieces,
  // Without a hit, the item shows its summary like every list.
  snippet: paper.snippet.some((piece) => piece.hit) ? paper.snippet : undefined,
  when: { href: spanHref(spanAround('day', paper.listDay)), label: plainDay(paper.listDay, page.t.intl) },
})
