import { plainDay, shortDay } from '../../calendar/words.ts'
import type { Messages } from '../../messages/en.ts'
import type { ListedRow } from '../../papers/lists/listed-rows.ts'
import { paperPath } from '../../papers/paper-path.ts'
import type { SearchResult } from '../../papers/search/search.ts'
import { bestOfMonth, topicExtent } from '../../papers/topics/best-of-month.ts'
import { type FieldSlug, GROUPS } from '../../papers/topics/fields.ts'
import { otherSpellings, readTopicNames } from '../../papers/topics/topic-name.ts'
import type { TopicWeeks } from '../../papers/topics/topic-weeks.ts'
import { isField } from '../../papers/topics/topics.ts'
import type { Newsletter } from '../../runtime/config/newsletter.ts'
import type { Services } from '../../runtime/services.ts'
import { feedLinks } from '../feeds/feed-links.ts'
import type { Shown } from './paper-item.ts'
import { followButton } from './people-paths.ts'
import { foundItem } from './search.ts'
import { sparkline } from './sparkline.ts'

const BEST = 5
/** A month's best of fewer papers would repeat the newest ones. */
const FEWEST_BEST = 3

interface Topic {
  slug: string
  name: string
  papers: number
  /** list day of the first paper */
  since: string | null
  /** how else sources write a keyword */
  others: string[]
  best: ListedRow[]
  weeks: TopicWeeks | undefined
}

/** Reads what a topic's page shows above its papers. */
export async function readTopic(
  services: Services,
  slug: string,
  t: Messages,
  weeksOfAll: () => Promise<TopicWeeks | undefined>,
): Promise<Topic> {
  const { db } = services
  const name = (await readTopicNames(db, [slug], t))(slug)
  return {
    slug,
    name,
    ...(await topicExtent(services, slug)),
    others: isField(slug) ? [] : await otherSpellings(db, slug, name),
    best: await bestOfMonth(services, slug, BEST),
    weeks: await weeksOfAll(),
  }
}

/** A topic for templates/pages/topic.eta. Pages after the first have only its papers. */
export function topicPage(
  topic: Topic,
  found: SearchResult,
  {
    after,
    following,
    newsletter,
    ...page
  }: Omit<Shown, 'path'> & { after: string | undefined; following: boolean | undefined; newsletter: Newsletter },
) {
  const { slug, name } = topic
  const { t } = page
  const path = `/topics/${slug}`
  const pageHref = (place: string) => `${path}?after=${encodeURIComponent(place)}`
  const here = after ? pageHref(after) : path
  return {
    name,
    wishes: [{ name: 'topic', value: slug, label: name }],
    follow: followButton('topic', slug, { following, back: here, label: name }),
    canonical: here,
    description: describe(topic, t),
    first: after === undefined,
    count: topic.since !== null && t.topics.count(topic.papers, plainDay(topic.since, t.intl)),
    weeks: topic.weeks && weeksFigure(topic.weeks, slug, t),
    best: topic.best.length >= FEWEST_BEST ? topic.best.map((paper) => bestItem(paper, t)) : [],
    feeds: feedLinks({ t, newsletter }, slug),
    feedName: t.feeds.nameFor(name),
    papers: found.papers.map((paper) => foundItem(paper, { ...page, path: here })),
    paging: (after || found.next) && {
      label: t.list.pages,
      start: after && { href: path, label: t.topics.fromTheTop },
      next: found.next && { href: pageHref(found.next), label: t.topics.more },
    },
  }
}

function describe({ slug, name, others }: Topic, t: Messages): string {
  const group = GROUPS.find(({ fields }) => fields.some((field) => field.slug === slug))
  if (group)
    return t.fields[slug as FieldSlug].about + t.punctuation.space + t.topics.partOf(t.topics.groups[group.group])
  return [t.topics.keyword(name), others.length > 0 ? t.topics.alsoWritten(others.join(', ')) : '']
    .filter(Boolean)
    .join(t.punctuation.space)
}

/** The last twelve weeks as a line, a sentence and a table. */
function weeksFigure({ mondays, counts }: TopicWeeks, slug: string, t: Messages) {
  const own = counts.get(slug) ?? mondays.map(() => 0)
  const before = own.slice(0, -1)
  return {
    line: sparkline(own, t),
    caption: t.topics.weeks(own.at(-1)!, before.reduce((sum, papers) => sum + papers, 0) / before.length),
    rows: mondays.map((day, at) => ({ day, label: shortDay(day, t.intl), papers: own[at]!.toLocaleString(t.intl) })),
  }
}

const bestItem = (paper: ListedRow, t: Messages) => ({
  href: paperPath(paper),
  title: paper.title,
  votes: t.paper.votes(paper.votes ?? 0),
})
