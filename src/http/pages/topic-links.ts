import type { ListedRow } from '../../papers/lists/listed-rows.ts'
import { FIELDS } from '../../papers/topics/topic-names.ts'
import { slugOf, topicName } from '../../papers/topics/topics.ts'

const BROAD = new Set(FIELDS.map(({ name, slug }) => slug ?? slugOf(name)))
const MOST = 9

/** The broad topics of a list, most papers first, with links. */
export function broadTopics(papers: readonly Pick<ListedRow, 'topics'>[]) {
  const slugs = papers.flatMap(({ topics }) => topics.filter((slug) => BROAD.has(slug)))
  const counts = [...Map.groupBy(slugs, (slug) => slug)].map(([slug, all]) => ({ slug, count: all.length }))
  return counts
    .toSorted((a, b) => b.count - a.count)
    .slice(0, MOST)
    .map(({ slug, count }) => ({ href: `/topics/${slug}`, name: topicName(slug), count }))
}
