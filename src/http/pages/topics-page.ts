import { plainDay, shortDay } from '../../calendar/words.ts'
import type { Messages } from '../../messages/en.ts'
import { FIELDS, GROUPS } from '../../papers/topics/fields.ts'
import type { TopicCount } from '../../papers/topics/topic-counts.ts'
import { readTopicNames } from '../../papers/topics/topic-name.ts'
import { type TopicWeeks, WEEKS } from '../../papers/topics/topic-weeks.ts'
import { NAMED_TOPICS } from '../../papers/topics/topics.ts'
import type { Db } from '../../runtime/db/database.ts'
import { sparkline } from './sparkline.ts'

/** Frequent keywords shown as examples of what the search finds. */
const EXAMPLES = 8
/** Found topics per page. */
const PAGE = 100

const NO_PAPERS: readonly number[] = new Array<number>(WEEKS).fill(0)

/** All fields by group with their last weeks, and the most frequent keywords, for templates/pages/topics.eta. */
export async function topicsPage(db: Db, weeks: TopicWeeks | undefined, t: Messages) {
  const counts: TopicWeeks['counts'] = weeks?.counts ?? new Map()
  const frequent = [...counts]
    .filter(([slug]) => !NAMED_TOPICS.has(slug))
    .map(([slug, own]) => ({ slug, papers: own.reduce((sum, papers) => sum + papers, 0) }))
    .sort((a, b) => b.papers - a.papers || (a.slug < b.slug ? -1 : 1))
    .slice(0, EXAMPLES)
  const nameOf = await readTopicNames(
    db,
    frequent.map(({ slug }) => slug),
    t,
  )
  return {
    lead: t.topics.lead(FIELDS.length),
    key: weeks && t.topics.key(shortDay(weeks.mondays[0]!, t.intl), plainDay(weeks.lastDay, t.intl)),
    frequent: frequent.map(({ slug, papers }) => ({
      href: `/topics/${slug}`,
      name: nameOf(slug),
      count: papers.toLocaleString(t.intl),
    })),
    groups: GROUPS.map(({ group, fields }) => ({
      name: t.topics.groups[group],
      fields: fields.map(({ slug }) => {
        const own = counts.get(slug) ?? NO_PAPERS
        return {
          href: `/topics/${slug}`,
          name: t.fields[slug].name,
          line: sparkline(own, t),
          count: own.at(-1)!.toLocaleString(t.intl),
          says: t.topics.thisWeek(own.at(-1)!),
        }
      }),
    })),
  }
}

/** Topics found by words, for templates/pages/topics-found.eta. @param from how many come before this page */
export function foundTopicsPage(found: readonly TopicCount[], words: string, from: number, t: Messages) {
  const shown = found.slice(from, from + PAGE)
  const hrefOf = (after: number) =>
    `/topics?${new URLSearchParams({ q: words, ...(after ? { after: `${after}` } : {}) })}`
  return {
    words,
    title: found.length > 0 ? t.topics.foundTitle(words) : t.topics.notFound(words),
    summary: found.length > 0 ? t.topics.found(found.length, words) : t.topics.notFoundText,
    search: { href: `/search?${new URLSearchParams({ q: words })}`, label: t.topics.searchPapers },
    topics: shown.map(({ slug, name, papers }) => ({
      href: `/topics/${slug}`,
      name,
      count: t.common.papers(papers),
    })),
    paging: found.length > PAGE && {
      label: t.list.pages,
      place: t.topics.foundPage(Math.min(from + 1, found.length), from + shown.length, found.length),
      start: from > 0 && { href: hrefOf(0), label: t.topics.fromTheTop },
      next: from + PAGE < found.length && { href: hrefOf(from + PAGE), label: t.topics.moreFound },
    },
  }
}
