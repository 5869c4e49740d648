import { type TopicCount, topicCounts } from '../../papers/topics/topics.ts'
import type { Services } from '../../runtime/services.ts'

/** Counting reads every paper, and the list of topics changes with the day. */
const KEPT_MS = 10 * 60_000

/** All topics with their counts, read again after ten minutes; who asks meanwhile shares the answer. */
export function cachedTopics({ db, now }: Pick<Services, 'db' | 'now'>): () => Promise<TopicCount[]> {
  let kept: { until: number; topics: Promise<TopicCount[]> } | undefined
  return () => {
    if (kept && kept.until > now().getTime()) return kept.topics
    const topics = topicCounts(db)
    kept = { until: now().getTime() + KEPT_MS, topics }
    // A failure is nobody else's.
    topics.catch(() => {
      kept = undefined
    })
    return topics
  }
}
