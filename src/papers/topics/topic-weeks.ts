import { sql } from 'drizzle-orm'
import { LRUCache } from 'lru-cache'
import { z } from 'zod'
import { daysLater, mondayOf } from '../../calendar/days.ts'
import type { Db } from '../../runtime/db/database.ts'
import { query, queryOne, text } from '../../runtime/db/query.ts'
import { isCounted } from '../public-papers.ts'

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

/** Counts of whole weeks before the newest list hardly change. The page of a week's trends needs those of twelve. */
const CACHE = { max: 200, ttl: 10 * 60_000 }
const cache = new WeakMap<Db, LRUCache<string, ReadonlyMap<string, number>>>()

/**
 * Counts papers per ISO week and topic.
 * @param today YYYY-MM-DD
 * @param options.upTo the last list day to count
 * @param options.weekday each week counts up to this one, 1 for Monday, so that a week that goes on can be compared
 * @returns undefined without papers
 */
export async function topicWeeks(
  db: Db,
  today: string,
  { weekday = 7, upTo = today }: { weekday?: number; upTo?: string } = {},
): Promise<TopicWeeks | undefined> {
  const { lastDay } = await queryOne(db, {
    lastDay: text.nullable(),
  })`SELECT max(list_day)::text AS last_day FROM papers p WHERE ${isCounted(today, upTo)}`
  if (lastDay === null) return undefined
  const first = daysLater(mondayOf(lastDay), -7 * (WEEKS - 1))
  const mondays = Array.from({ length: WEEKS }, (_, week) => daysLater(first, 7 * week))
  const weeks = await countWeeks(db, mondays, { today, lastDay, weekday })
  const counts = new Map<string, number[]>()
  for (const [week, topics] of weeks.entries())
    for (const [slug, papers] of topics) {
      const own = counts.get(slug) ?? new Array<number>(WEEKS).fill(0)
      own[week] = papers
      counts.set(slug, own)
    }
  return { mondays, lastDay, counts }
}

/** Returns the number of papers by topic for each of the weeks. */
async function countWeeks(
  db: Db,
  mondays: readonly string[],
  { today, lastDay, weekday }: { today: string; lastDay: string; weekday: number },
) {
  const kept = cache.get(db) ?? new LRUCache(CACHE)
  cache.set(db, kept)
  const found = mondays.map((monday) => (weekday === 7 ? kept.get(monday) : undefined))
  const missing = mondays.filter((_, at) => found[at] === undefined)
  if (missing.length === 0) return found.map((week) => week!)
  const [from, to] = [missing[0]!, daysLater(missing.at(-1)!, 6)]
  const rows = await query(db, WeekRow)`
    SELECT slug, (p.list_day - extract(isodow FROM p.list_day)::int + 1)::text AS monday, count(*)::int AS papers
    FROM papers p, unnest(p.topics) AS slug
    WHERE p.list_day BETWEEN ${from}::date AND ${to}::date AND ${isCounted(today, lastDay)}
      ${weekday < 7 ? sql`AND extract(isodow FROM p.list_day) <= ${weekday}` : sql``}
    GROUP BY 1, 2`
  const byMonday = Map.groupBy(rows, ({ monday }) => monday)
  const weeks = mondays.map(
    (monday, at) => found[at] ?? new Map(byMonday.get(monday)?.map(({ slug, papers }) => [slug, papers])),
  )
  for (const [at, monday] of mondays.entries())
    if (weekday === 7 && daysLater(monday, 6) < lastDay) kept.set(monday, weeks[at]!)
  return weeks
}

const WeekRow = z.object({ slug: z.string(), monday: z.string(), papers: z.number() })
