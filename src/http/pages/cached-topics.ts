import { dayOf } from '../../calendar/days.ts'
import { type TopicCount, topicCounts } from '../../papers/topics/topic-counts.ts'
import { type TopicWeeks, topicWeeks } from '../../papers/topics/topic-weeks.ts'
import type { Services } from '../../runtime/services.ts'

/** Counting reads every paper, and the list of topics changes daily. */
const CACHE_MS = 10 * 60_000

type Deps = Pick<Services, 'db' | 'now'>

/** Returns a function that reads the largest topics with their counts, cached for ten minutes. */
export const cachedTopics = (deps: Deps): (() => Promise<TopicCount[]>) => cached(deps, () => topicCounts(deps.db))

/** Returns a function that reads all topics' papers per week, cached for ten minutes. */
export const cachedWeeks = (deps: Deps): (() => Promise<TopicWeeks | undefined>) =>
  cached(deps, () => topicWeeks(deps.db, dayOf(deps.now())))

/** Concurrent calls share one query. A failure is not cached. */
function cached<T>({ now }: Deps, read: () => Promise<T>): () => Promise<T> {
  let last: { until: number; value: Promise<T> } | undefined
  return () => {
    if (last && last.until > now().getTime()) return last.value
    const value = read()
    last = { until: now().getTime() + CACHE_MS, value }
    value.catch(() => {
      last = undefined
    })
    return value
  }
}
