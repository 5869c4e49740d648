import { sql } from 'drizzle-orm'
import { daysLater } from '../../calendar/days.ts'
import { isolated } from '../../lib/isolated.ts'
import type { Messages } from '../../messages/catalogue.ts'
import { paperPath } from '../../papers/paper-path.ts'
import { closingReadAt, isOfClose, newestSignal } from '../../papers/ranking/rising.ts'
import { readable } from '../../papers/readable.ts'
import { topicName } from '../../papers/topics/topic-name.ts'
import { isField } from '../../papers/topics/topics.ts'
import type { Config } from '../../runtime/config/config.ts'
import type { Db } from '../../runtime/db/database.ts'
import { bigint, number, query, text } from '../../runtime/db/query.ts'
import { shortenTitle } from './subject.ts'

/** What moved in the week of a weekly edition. */
export interface Week {
  /** fields by their number of papers, with that of the week before */
  topics: { slug: string; papers: number; before: number }[]
  /** papers that gained most votes after their own list closed, until the week's close */
  risers: { id: number; source: string; sourceId: string; title: string; earlier: number; votes: number }[]
}

/** With fewer list days, holidays move the counts more than research does. */
const FEWEST_LIST_DAYS = 3
const MOST_TOPICS = 6
const MOST_RISERS = 3
/** Fewer new votes are noise. */
const LEAST_GAIN = 10

/** Reads what moved. Topics are empty unless both weeks have enough list days. */
export async function readWeek(
  db: Db,
  { date, closesAt }: { date: string; closesAt: Date },
  closeHourUtc: number,
): Promise<Week> {
  const weekBefore = daysLater(date, -7)
  const topics = await query(db, { slug: text, papers: number, before: number })`
    WITH listed AS (
      SELECT list_day, list_day >= ${date}::date AS this_week, topics FROM papers
      WHERE list_day >= ${weekBefore}::date AND list_day < ${date}::date + 7 AND NOT sample AND NOT announced
    )
    SELECT slug, count(*) FILTER (WHERE this_week)::int AS papers, count(*) FILTER (WHERE NOT this_week)::int AS before
    FROM listed, unnest(topics) AS slug
    WHERE (SELECT count(DISTINCT list_day) FILTER (WHERE this_week) >= ${FEWEST_LIST_DAYS}
        AND count(DISTINCT list_day) FILTER (WHERE NOT this_week) >= ${FEWEST_LIST_DAYS} FROM listed)
    GROUP BY slug ORDER BY abs(count(*) FILTER (WHERE this_week) - count(*) FILTER (WHERE NOT this_week)) DESC, slug`
  const closedAt = sql`(p.list_day + 1 + make_time(${closeHourUtc}, 0, 0)) AT TIME ZONE 'UTC'`
  const risers = await query(db, {
    id: bigint,
    source: text,
    sourceId: text,
    title: text,
    earlier: number,
    votes: number,
  })`
    SELECT p.id, p.source, p.source_id, p.title, first.votes AS earlier, last.votes FROM papers p
    JOIN ${newestSignal(sql`p.id`, closedAt)} first ON true
    JOIN ${newestSignal(sql`p.id`, sql`${closesAt}::timestamptz`)} last ON true
    WHERE p.list_day >= ${date}::date AND p.list_day < ${date}::date + 7 AND NOT p.sample AND NOT p.announced
      AND p.withdrawn_at IS NULL AND last.votes - first.votes >= ${LEAST_GAIN}
      -- Votes that were read in the morning of its day do not say what it gained after it.
      AND ${isOfClose(closingReadAt(sql`first`, closedAt), closedAt)}
      AND NOT EXISTS (SELECT FROM picks k WHERE k.paper_id = p.id AND k.list_day = p.list_day AND k.verdict = 'dropped')
    ORDER BY last.votes - first.votes DESC, p.id LIMIT ${MOST_RISERS}`
  return { topics: topics.filter(({ slug }) => isField(slug)), risers }
}

/** Characters of the longest bar in the text body. */
const BAR = 24

/** Describes what moved for the templates: a sentence, bars and risers. Undefined when nothing did. */
export function describeWeek({ topics, risers }: Week, { PUBLIC_URL }: Pick<Config, 'PUBLIC_URL'>, t: Messages) {
  const moved = topics.filter(({ papers, before }) => papers !== before).slice(0, MOST_TOPICS)
  if (moved.length === 0 && risers.length === 0) return undefined
  const largest = Math.max(...moved.map(({ papers, before }) => Math.max(papers, before)))
  const gained = moved.find(({ papers, before }) => papers > before)
  const sign = (n: number) => (n > 0 ? `+${n}` : `−${-n}`)
  return {
    finding:
      gained && t.week.gained(topicName(gained.slug, t), t.common.papers(gained.papers), gained.papers - gained.before),
    topics: moved
      .toSorted((a, b) => b.papers - b.before - (a.papers - a.before))
      .map(({ slug, papers, before }) => ({
        name: topicName(slug, t),
        papers: papers.toLocaleString(t.intl),
        change: sign(papers - before),
        more: papers > before,
        percent: Math.max(1, Math.round((papers / largest) * 100)),
        bar: '#'.repeat(Math.max(1, Math.round((papers / largest) * BAR))),
      })),
    risers: risers.map(({ title, earlier, votes, ...paper }) => ({
      name: isolated(shortenTitle(readable(title), 60)),
      url: PUBLIC_URL + paperPath(paper),
      votes: t.reason.votes(votes, earlier),
    })),
  }
}
