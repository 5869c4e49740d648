import { dayOf, daysLater } from '../../../calendar/days.ts'
import { parseSpan } from '../../../calendar/spans.ts'
import { PaperboyError } from '../../../lib/errors.ts'
import type { OwnSource } from '../../../runtime/config/own-sources.ts'
import { parseFeed } from '../formats/feed.ts'
import { withinLimits } from '../within-limits.ts'
import { type Politeness, politeGet } from './polite-get.ts'
import { LATE_DAYS, type Source, sharedByDays } from './source.ts'

/** A paper that entered its feed longer ago is no news. Weekends fit in. */
const NEW_DAYS = 3

/** Creates a source for the RSS or Atom feed of a journal, a preprint server or a saved search. A feed has no votes. */
export function feedSource(own: OwnSource & { kind: 'feed' }, polite: Politeness): Source {
  const { now = () => new Date() } = polite
  const get = (headers: Record<string, string>) => politeGet(own.location, headers, { ...polite, accept: FEEDS })
  const getLate = sharedByDays(() => get({}), now)
  return {
    name: own.name,
    followDays: 0,
    lateDays: LATE_DAYS,
    keepsPlaces: true,
    async read(span, last) {
      const headers = {
        ...(last?.etag ? { 'if-none-match': last.etag } : {}),
        ...(last?.lastModified ? { 'if-modified-since': last.lastModified } : {}),
      }
      const today = dayOf(now())
      const reply = span === today ? await get(headers) : await getLate()
      if (reply.status === 304) return { outcome: 'not modified' }
      const feed = withinLimits('SOURCE_UNAVAILABLE', `GET ${own.location} returned a feed that`, () =>
        parseFeed(reply.body, today),
      )
      if (!feed)
        throw new PaperboyError('SOURCE_UNAVAILABLE', `GET ${own.location} did not return a whole RSS or Atom feed.`)
      const { papers, bad } = feed
      const { from, to } = parseSpan(span)
      const listed =
        span === today
          ? papers
              .filter(({ listDay }) => listDay > daysLater(today, -NEW_DAYS))
              .map((paper) => ({ ...paper, listDay: today }))
          : papers.filter(({ listDay }) => listDay >= from && listDay <= to)
      return {
        outcome: 'read',
        papers: listed.map((paper, index) => ({
          ...about(own, paper),
          listPosition: index + 1,
          listedAt: earlier(paper.listedAt, now()),
        })),
        bad,
        ofOtherDays: papers.length - listed.length,
        validators: { etag: reply.headers.get('etag'), lastModified: reply.headers.get('last-modified') },
      }
    },
    async fetchByIds() {
      return []
    },
  }
}

/** Of a journal that dates an entry by an issue to come, or whose clock is wrong, the age counts from now. */
const earlier = (listedAt: Date | undefined, now: Date) => (listedAt && listedAt > now ? now : listedAt)

const FEEDS = 'application/rss+xml, application/atom+xml, application/rdf+xml, application/xml;q=0.9, text/xml;q=0.9'

/** Adds the source's own topics and weight to a paper. */
export const about = <P extends { keywords: string[] }>({ topics, weight }: OwnSource, paper: P) => ({
  ...paper,
  keywords: [...new Set([...topics, ...paper.keywords])],
  weight,
})
