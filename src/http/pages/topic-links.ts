import type { Messages } from '../../messages/en.ts'
import type { ListedRow } from '../../papers/lists/listed-rows.ts'
import { topicName } from '../../papers/topics/topic-name.ts'
import { isField } from '../../papers/topics/topics.ts'

const MOST = 9

/** The broad topics of a list, most papers first, with links. */
export function broadTopics(papers: readonly Pick<ListedRow, 'topics'>[], t: Messages) {
  const slugs = papers.flatMap(({ topics }) => topics.filter(isField))
  const counts = [...Map.groupBy(slugs, (slug) => slug)].map(([slug, all]) => ({ slug, count: all.length }))
  return counts
    .toSorted((a, b) => b.count - a.count)
    .slice(0, MOST)
    .map(({ slug, count }) => ({ href: `/topics/${slug}`, name: topicName(slug, t), count }))
}
