import { dayOf, daysLater, mondayOf } from '../../../calendar/days.ts'
import { isQuietDay } from '../../../calendar/holidays.ts'
import { parseSpan } from '../../../calendar/spans.ts'
import { PaperboyError } from '../../../lib/errors.ts'
import type { OwnSource } from '../../../runtime/config/own-sources.ts'
import { type ArxivFeed, parseArxivFeed } from '../formats/arxiv-feeds.ts'
import type { ListedPaper } from '../listed-paper.ts'
import { withinLimits } from '../within-limits.ts'
import { about } from './feed.ts'
import { type Politeness, politeGet } from './polite-get.ts'
import type { RateLimit } from './rate-limit.ts'
import { LATE_DAYS, type Source, type SourceReply } from './source.ts'

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
/** Papers of one search. The first day of a week has some 2,500 in all of arXiv, and arXiv asks not to page far. */
const MOST_PAPERS = 10_000
/** arXiv ends a feed of several categories there (info.arxiv.org/help/rss), new versions included. */
const MOST_IN_FEED = 2_000

export const ARXIV_INTERVAL_MS = 3_000

interface ArxivSource extends Source {
  /** Finds the papers submitted on these days. @throws PaperboyError SOURCE_UNAVAILABLE when there are more than `most` */
  search(from: string, to: string, most?: number): Promise<ListReply>
}

type ListReply = Extract<SourceReply, { outcome: 'read' }>

const nothing = (): ListReply => ({
  outcome: 'read',
  papers: [],
  bad: [],
  validators: { etag: null, lastModified: null },
})

/**
 * Creates the arXiv source: today's announcements from its feed, those of earlier days from its query API by the time of submission.
 * It provides papers, categories, new versions and withdrawals, but no votes.
 */
export function arxivSource(options: ArxivOptions): ArxivSource {
  const { categories, feedUrl = 'https://rss.arxiv.org/atom', apiUrl = 'https://export.arxiv.org/api/query' } = options
  const { now = () => new Date() } = options
  // A 400 has a feed with the reason.
  const politeness = { ...options, accept: 'application/atom+xml', missing: [400] }

  const get = async (url: string, headers: Record<string, string> = {}) => {
    const reply = await politeGet(url, headers, politeness)
    if (reply.status === 304) return { reply, feed: undefined }
    const feed = withinLimits('SOURCE_UNAVAILABLE', `GET ${url} returned a feed that`, () => parseArxivFeed(reply.body))
    const error = feed?.bad.find(({ reason }) => reason.startsWith(ERROR))
    // The rest of a reply with an error cannot be trusted.
    if (error)
      throw new ArxivError(`GET ${url}: entry ${error.position} ${error.reason}.`, error.reason.slice(ERROR.length))
    if (reply.status === 400) throw new PaperboyError('SOURCE_UNAVAILABLE', `GET ${url} answered 400 Bad Request.`)
    if (!feed) throw new PaperboyError('SOURCE_UNAVAILABLE', `GET ${url} did not return a whole feed.`)
    return { reply, feed }
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
    const isCut = papers.length > 0 && feed.papers.length + feed.bad.length >= MOST_IN_FEED
    const rest = isCut ? await announcedOn(day) : nothing()
    return {
      outcome: 'read',
      papers: [...papers, ...rest.papers],
      bad: [...feed.bad, ...rest.bad],
      ofOtherDays: feed.papers.length - papers.length,
      validators: { etag: reply.headers.get('etag'), lastModified: reply.headers.get('last-modified') },
      ...(papers.length === 0 && newest ? { stillOn: newest } : {}),
    }
  }

  /** Finds papers by the minute of their first submission, in UTC: "202604131800". */
  const submitted = (from: string, to: string, most?: number): Promise<ListReply> => {
    const wanted = options.search ?? categories.map((category) => `cat:${category}`).join(' OR ')
    return readAll(query, `(${wanted}) AND submittedDate:[${from} TO ${to}]`, most)
  }

  /** Finds the papers that arXiv announced on a day, without those that it held back for a check. */
  async function announcedOn(day: string): Promise<ListReply> {
    if (isQuietDay(day)) return nothing()
    const { from, to } = submissionTimes(day)
    const { papers, ...reply } = await submitted(from, to)
    return { ...reply, papers: papers.map((paper) => ({ ...paper, listDay: day })) }
  }

  const query = async (parameters: Record<string, string>): Promise<ArxivFeed> => {
    const sorting = { sortBy: 'submittedDate', sortOrder: 'ascending' }
    const { feed } = await get(`${apiUrl}?${new URLSearchParams({ ...sorting, ...parameters })}`)
    return feed ?? { papers: [], bad: [] }
  }

  return {
    name: 'arxiv',
    followDays: 0,
    lateDays: LATE_DAYS,
    search: (from, to, most) => submitted(`${compact(from)}0000`, `${compact(to)}2359`, most),
    async read(span, last) {
      const today = dayOf(now())
      if (span === today) return announcements(span, last)
      const all = nothing()
      const { from, to } = parseSpan(span)
      for (let day = from; day <= to && day <= today; day = daysLater(day, 1)) {
        const { papers, bad } = await announcedOn(day)
        all.papers.push(...papers)
        all.bad.push(...bad)
      }
      return all
    },
    async fetchByIds(ids) {
      const found: ListedPaper[] = []
      for (let i = 0; i < ids.length; i += PAGE) found.push(...(await fetchPage(query, ids.slice(i, i + PAGE))))
      return found
    },
  }
}

type Query = (parameters: Record<string, string>) => Promise<ArxivFeed>

/** Fetches at most a page of papers by id. For one id that it refuses, arXiv refuses a whole request. */
async function fetchPage(query: Query, ids: readonly string[]): Promise<ListedPaper[]> {
  if (ids.length === 0) return []
  try {
    return (await query({ id_list: ids.join(','), max_results: String(ids.length) })).papers
  } catch (error) {
    const refused = error instanceof ArxivError && ids.find((id) => error.reason === `incorrect id format for ${id}`)
    if (!refused) throw error
    return fetchPage(
      query,
      ids.filter((id) => id !== refused),
    )
  }
}

/**
 * Reads all pages of a search.
 * @throws PaperboyError SOURCE_UNAVAILABLE, also when there are too many to read: half a list must not look like a whole one
 */
async function readAll(query: Query, search: string, most = MOST_PAPERS): Promise<ListReply> {
  const all = nothing()
  for (let read = 0, total = 1; read < total; ) {
    const feed = await query({ search_query: search, start: String(read), max_results: String(PAGE) })
    total = feed.total ?? 0
    if (total > most)
      throw new PaperboyError(
        'SOURCE_UNAVAILABLE',
        `arXiv has ${total} papers for ${search}. At most ${most} are read: narrow the search, or name fewer categories or days.`,
      )
    all.papers.push(...feed.papers)
    all.bad.push(...feed.bad)
    const found = feed.papers.length + feed.bad.length
    read += found
    // arXiv sometimes returns an empty page before the end.
    if (found === 0 && read < total)
      throw new PaperboyError('SOURCE_UNAVAILABLE', `arXiv returned ${read} of ${total} papers for ${search}.`)
  }
  return { ...all, papers: all.papers.map((paper, index) => ({ ...paper, listPosition: index + 1 })) }
}

/** Days of submission that a search reads: arXiv announces a paper one to four days later. */
const SEARCHED_DAYS = 4
/** Some papers wait longer for a check by arXiv. A search with more papers than this in that time is not searched for them. */
const HELD_DAYS = 28
const MOST_HELD = 2_000

/** Creates a source for a search at arXiv, such as "cat:q-bio.NC AND abs:connectome". Its papers are listed on the day when they are found. */
export function arxivQuerySource(own: OwnSource, options: Omit<ArxivOptions, 'categories'>): Source {
  const arxiv = arxivSource({ ...options, categories: [], search: own.location })
  const { now = () => new Date() } = options
  return {
    ...arxiv,
    name: own.name,
    keepsPlaces: true,
    async read(span, last) {
      const today = dayOf(now())
      const reply =
        span === today ? await arxiv.search(daysLater(today, -SEARCHED_DAYS), today) : await arxiv.read(span, undefined)
      if (reply.outcome !== 'read') return reply
      const held = span === today && !last ? await heldBack(arxiv, reply.papers, today) : []
      const listed = [...reply.papers, ...held].map((paper) => ({ ...about(own, paper), announced: false }))
      return { ...reply, papers: span === today ? listed.map((paper) => ({ ...paper, listDay: today })) : listed }
    },
  }
}

/**
 * Finds papers that arXiv held back for a check and announced by now. It numbers papers when it announces them, so one with a higher
 * number than one that was submitted days later came late: in the last days, if that one did.
 */
async function heldBack(arxiv: ArxivSource, newest: readonly ListedPaper[], today: string): Promise<ListedPaper[]> {
  const [from, to] = [daysLater(today, -HELD_DAYS), daysLater(today, -SEARCHED_DAYS - 1)]
  const found = await arxiv.search(from, to, MOST_HELD).catch((error) => {
    if (error instanceof PaperboyError) return nothing()
    throw error
  })
  const dated = [...found.papers, ...newest].map((paper) => ({
    paper,
    submittedOn: paper.publishedAt ? dayOf(paper.publishedAt) : paper.listDay,
  }))
  const recent = dated.filter(({ submittedOn }) => submittedOn >= daysLater(today, -2 * SEARCHED_DAYS))
  const isLate = ({ paper, submittedOn }: (typeof dated)[number]) => {
    const afterwards = daysLater(submittedOn, SEARCHED_DAYS)
    return recent.some((other) => other.submittedOn >= afterwards && other.paper.sourceId < paper.sourceId)
  }
  return dated.slice(0, found.papers.length).flatMap((each) => (isLate(each) ? [each.paper] : []))
}

/**
 * Returns when the papers that arXiv announces on a working day were submitted: until 14:00 in New York on the day before, since the
 * announcement before that, which may be days ago after a holiday (info.arxiv.org/help/availability). That is 18:00 UTC in summer and
 * 19:00 in winter. The hour between belongs to both days here.
 */
function submissionTimes(day: string): { from: string; to: string } {
  let before = daysLater(day, -1)
  while (isQuietDay(before)) before = daysLater(before, -1)
  return { from: `${compact(lastSubmissions(before))}1800`, to: `${compact(lastSubmissions(day))}1859` }
}

/** Returns the last day of submission for an announcement: Friday for Monday's, else the day before. */
const lastSubmissions = (day: string): string => daysLater(day, day === mondayOf(day) ? -3 : -1)

const compact = (day: string): string => day.replaceAll('-', '')

/** arXiv reports an error as an entry titled "Error". Its reason begins so. */
const ERROR = 'is an error from arXiv: '

class ArxivError extends PaperboyError {
  readonly reason: string

  constructor(message: string, reason: string) {
    super('SOURCE_UNAVAILABLE', message)
    this.reason = reason
  }
}
