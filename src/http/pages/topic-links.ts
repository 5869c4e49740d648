import type { ListedRow } from '../../papers/lists/listed-rows.ts'
import { isBroad, topicName } from '../../papers/topics/topics.ts'

const MOST = 9

/** The broad topics of a list, most papers first, with links. */
export function broadTopics(papers: readonly Pick<ListedRow, 'topics'>[]) {
  const slugs = papers.flatMap(({ topics }) => topics.filter(isBroad))
  const counts = [...Map.groupBy(slugs, (slug) => slug)].map(([slug, all]) => ({ slug, count: all.length }))
  return counts
    .toSorted((a, b) => b.count - a.count)
    .slice(0, MOST)
    .map(({ slug, count }) => ({ href: `/topics/${slug}`, name: topicName(slug), count }))
}
