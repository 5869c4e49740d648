import { LRUCache } from 'lru-cache'
import { dayOf } from '../../calendar/days.ts'
import type { Span } from '../../calendar/spans.ts'
import { keptFor } from '../../lib/kept-for.ts'
import { newestTrendWeek, readTrends, type Trends } from '../../papers/lists/trends.ts'
import { type TopicCount, topicCounts } from '../../papers/topics/topic-counts.ts'
import { type TopicWeeks, topicWeeks } from '../../papers/topics/topic-weeks.ts'
import type { Services } from '../../runtime/services.ts'

/** Counting reads every paper, and the list of topics changes daily. */
const CACHE_MS = 10 * 60_000

type Deps = Pick<Services, 'db' | 'now'>

/** Returns a function that reads the largest topics with their counts, cached for ten minutes. */
export const cachedTopics = (deps: Deps): (() => Promise<TopicCount[]>) => cached(deps, () => topicCounts(deps))

/** Returns a function that reads all topics' papers per week, cached for ten minutes. */
export const cachedWeeks = (deps: Deps): (() => Promise<TopicWeeks | undefined>) =>
  cached(deps, () => topicWeeks(deps.db, dayOf(deps.now())))

/** Trends of a week are cached for each of this many weeks: crawlers follow the links to all of them. */
const MOST_WEEKS = 100

/** Returns a function that reads a week's trends, cached for ten minutes. Without a week: those of the newest that says something. */
export function cachedTrends(deps: Deps): (week: Span | undefined) => Promise<Trends | undefined> {
  const newest = cached(deps, () => newestTrendWeek(deps))
  const weeks = new LRUCache<string, () => Promise<Trends | undefined>>({ max: MOST_WEEKS })
  return async (week) => {
    const span = week ?? (await newest())
    if (span === undefined) return undefined
    const read = weeks.get(span.key) ?? cached(deps, () => readTrends(deps, span))
    weeks.set(span.key, read)
    return read()
  }
}

/** Returns a function that reads at most every ten minutes. */
export const cached = <T>({ now }: Deps, read: () => Promise<T>): (() => Promise<T>) =>
  keptFor(read, { ms: CACHE_MS, now: () => now().getTime() })
