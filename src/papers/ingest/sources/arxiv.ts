import { dayOf, daysLater } from '../../../calendar/days.ts'
import { parseSpan } from '../../../calendar/spans.ts'
import { PaperboyError } from '../../../lib/errors.ts'
import type { OwnSource } from '../../../runtime/config/own-sources.ts'
import { type ArxivFeed, parseArxivFeed } from '../formats/arxiv-feeds.ts'
import type { ListedPaper } from '../listed-paper.ts'
import { withinLimits } from '../within-limits.ts'
import { about } from './feed.ts'
import { type Politeness, politeGet } from './polite-get.ts'
import type { RateLimit } from './rate-limit.ts'
import type { Source, SourceReply } from './source.ts'

interface ArxivOptions extends Omit<Politeness, 'rateLimit'> {
  /** cs.CL, stat.ML … */
  categories: readonly string[]
  /** a search in the syntax of the query API, instead of the categories */
  search?: string
  /** arXiv allows one request every three seconds (info.arxiv.org/help/api/tou.html) */
  rateLimit: RateLimit
  feedUrl?: string
  apiUrl?: string
}

/** Papers per page. arXiv allows up to 2,000. */
const PAGE = 200
/** A day of all of computer science has some 700 papers. */
const MOST_PAGES = 10

export const ARXIV_INTERVAL_MS = 3_000

interface ArxivSource extends Source {
  /** Finds the papers submitted on these days. */
  search(from: string, to: string): Promise<SourceReply>
}

/**
 * Creates the arXiv source: today's announcements from its feed, earlier days from its query API by day of submission.
 * It provides papers, categories, new versions and withdrawals, but no votes.
 */
export function arxivSource(options: ArxivOptions): ArxivSource {
  const { categories, feedUrl = 'https://rss.arxiv.org/atom', apiUrl = 'https://export.arxiv.org/api/query' } = options
  const { now = () => new Date() } = options
  const politeness = { ...options, accept: 'application/atom+xml' }

  const get = async (url: string, headers: Record<string, string> = {}) => {
    const reply = await politeGet(url, headers, politeness)
    if (reply.status === 304) return { reply, feed: undefined }
    const feed = withinLimits('SOURCE_UNAVAILABLE', `GET ${url} returned a feed that`, () => parseArxivFeed(reply.body))
    if (!feed) throw new PaperboyError('SOURCE_UNAVAILABLE', `GET ${url} did not return a whole feed.`)
    return { reply, feed: withoutErrors(url, feed) }
  }

  /** Reads today's announcements. A feed that was not renewed still has yesterday's entries, whatever its header says. */
  async function announcements(day: string, last: Parameters<Source['read']>[1]): Promise<SourceReply> {
    const { reply, feed } = await get(`${feedUrl}/${categories.join('+')}`, {
      ...(last?.etag ? { 'if-none-match': last.etag } : {}),
      ...(last?.lastModified ? { 'if-modified-since': last.lastModified } : {}),
    })
    if (!feed) return { outcome: 'not modified' }
    const papers = feed.papers.filter((paper) => paper.listDay === day)
    const newest = feed.papers
      .map((paper) => paper.listDay)
      .sort()
      .at(-1)
    return {
      outcome: 'read',
      papers,
      bad: feed.bad,
      validators: { etag: reply.headers.get('etag'), lastModified: reply.headers.get('last-modified') },
      ...(papers.length === 0 && newest ? { stillOn: newest } : {}),
    }
  }

  async function submissions(from: string, to: string): Promise<SourceReply> {
    const within = `submittedDate:[${compact(from)}0000 TO ${compact(to)}2359]`
    const wanted = options.search ?? categories.map((category) => `cat:${category}`).join(' OR ')
    const search = `(${wanted}) AND ${within}`
    const all: ArxivFeed = { papers: [], bad: [] }
    for (let page = 0; page < MOST_PAGES; page++) {
      const feed = await query({ search_query: search, start: String(page * PAGE), max_results: String(PAGE) })
      all.papers.push(...feed.papers)
      all.bad.push(...feed.bad)
      const read = page * PAGE + feed.papers.length + feed.bad.length
      if (read >= (feed.total ?? 0)) break
      // arXiv sometimes returns an empty page before the end. Half a day must not look like a whole one.
      if (feed.papers.length === 0)
        throw new PaperboyError(
          'SOURCE_UNAVAILABLE',
          `${apiUrl} returned ${read} of ${feed.total} papers for ${within}.`,
        )
    }
    const listed = all.papers.map((paper, index) => ({ ...paper, listPosition: index + 1 }))
    return { outcome: 'read', papers: listed, bad: all.bad, validators: { etag: null, lastModified: null } }
  }

  const query = async (parameters: Record<string, string>): Promise<ArxivFeed> => {
    const sorting = { sortBy: 'submittedDate', sortOrder: 'ascending' }
    const { feed } = await get(`${apiUrl}?${new URLSearchParams({ ...sorting, ...parameters })}`)
    return feed ?? { papers: [], bad: [] }
  }

  return {
    name: 'arxiv',
    followDays: 0,
    search: submissions,
    async read(span, last) {
      if (span === dayOf(now())) return announcements(span, last)
      const { from, to } = parseSpan(span)
      return submissions(from, to)
    },
    async fetchByIds(ids) {
      const found: ListedPaper[] = []
      for (let i = 0; i < ids.length; i += PAGE) {
        const some = ids.slice(i, i + PAGE)
        found.push(...(await query({ id_list: some.join(','), max_results: String(some.length) })).papers)
      }
      return found
    },
  }
}

/** Days of submission that a search reads: arXiv announces a paper one to four days later. */
const SEARCHED_DAYS = 4

/** Creates a source for a search at arXiv, such as "cat:q-bio.NC AND abs:connectome". Its papers are listed on the day when they are found. */
export function arxivQuerySource(own: OwnSource, options: Omit<ArxivOptions, 'categories'>): Source {
  const arxiv = arxivSource({ ...options, categories: [], search: own.location })
  const { now = () => new Date() } = options
  return {
    ...arxiv,
    name: own.name,
    keepsPlaces: true,
    async read(span) {
      const today = dayOf(now())
      const { from, to } = span === today ? { from: daysLater(today, -SEARCHED_DAYS), to: today } : parseSpan(span)
      const reply = await arxiv.search(from, to)
      if (reply.outcome !== 'read') return reply
      const listed = reply.papers.map((paper) => ({ ...about(own, paper), announced: false }))
      return { ...reply, papers: span === today ? listed.map((paper) => ({ ...paper, listDay: today })) : listed }
    },
  }
}

const compact = (day: string): string => day.replaceAll('-', '')

/** arXiv reports an error as an entry titled "Error". The rest of such a reply cannot be trusted. */
function withoutErrors(url: string, feed: ArxivFeed): ArxivFeed {
  const error = feed.bad.find(({ reason }) => reason.startsWith('is an error from arXiv'))
  if (error) throw new PaperboyError('SOURCE_UNAVAILABLE', `GET ${url}: entry ${error.position} ${error.reason}.`)
  return feed
}
