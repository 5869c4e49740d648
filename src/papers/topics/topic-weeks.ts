import { sql } from 'drizzle-orm'
import { z } from 'zod'
import { daysLater, mondayOf } from '../../calendar/days.ts'
import type { Db } from '../../runtime/db/database.ts'
import { query, queryOne } from '../../runtime/db/query.ts'
import { COUNTED } from './topic-counts.ts'

export const WEEKS = 12

/** Papers per week of each topic over twelve weeks, the last of which has the newest list. */
export interface TopicWeeks {
  /** the Mondays, oldest first */
  mondays: string[]
  /** the newest list day */
  lastDay: string
  /** papers per week, in the order of the Mondays; a topic without papers is missing */
  counts: ReadonlyMap<string, readonly number[]>
}

/**
 * Counts papers per ISO week and topic.
 * @param today YYYY-MM-DD; later list days do not count
 * @param options.weekday each week counts up to this one, 1 for Monday, so that a week that goes on can be compared
 * @returns undefined without papers
 */
export async function topicWeeks(
  db: Db,
  today: string,
  { weekday = 7 }: { weekday?: number } = {},
): Promise<TopicWeeks | undefined> {
  const { lastDay } = await queryOne(
    db,
    z.object({ lastDay: z.string().nullable() }),
  )`SELECT max(list_day)::text AS last_day FROM papers p WHERE list_day <= ${today}::date AND ${COUNTED}`
  if (lastDay === null) return undefined
  const first = daysLater(mondayOf(lastDay), -7 * (WEEKS - 1))
  const rows = await query(
    db,
    z.object({ slug: z.string(), week: z.number(), papers: z.number() }),
  )`SELECT slug, ((p.list_day - ${first}::date) / 7)::int AS week, count(*)::int AS papers
      FROM papers p, unnest(p.topics) AS slug
      WHERE p.list_day BETWEEN ${first}::date AND ${lastDay}::date AND ${COUNTED}
        ${weekday < 7 ? sql`AND extract(isodow FROM p.list_day) <= ${weekday}` : sql``}
      GROUP BY 1, 2`
  const counts = new Map<string, number[]>()
  for (const { slug, week, papers } of rows) {
    const own = counts.get(slug) ?? new Array<number>(WEEKS).fill(0)
    own[week] = papers
    counts.set(slug, own)
  }
  return { mondays: Array.from({ length: WEEKS }, (_, week) => daysLater(first, 7 * week)), lastDay, counts }
}
