import { type TopicCount, topicCounts } from '../../papers/topics/topics.ts'
import type { Services } from '../../runtime/services.ts'

/** Counting reads every paper, and the list of topics changes daily. */
const CACHE_MS = 10 * 60_000

/** Returns a function that reads all topics with their counts, cached for ten minutes. Concurrent calls share one query. */
export function cachedTopics({ db, now }: Pick<Services, 'db' | 'now'>): () => Promise<TopicCount[]> {
  let cached: { until: number; topics: Promise<TopicCount[]> } | undefined
  return () => {
    if (cached && cached.until > now().getTime()) return cached.topics
    const topics = topicCounts(db)
    cached = { until: now().getTime() + CACHE_MS, topics }
    // Do not cache a failure.
    topics.catch(() => {
      cached = undefined
    })
    return topics
  }
}
