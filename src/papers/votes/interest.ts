import { type SQL, sql } from 'drizzle-orm'
import { z } from 'zod'
import { dayOf, daysLater, startOfDay } from '../../calendar/days.ts'
import type { Db } from '../../runtime/db/database.ts'
import { bigint, number, query, text } from '../../runtime/db/query.ts'
import { FEWEST_PEOPLE, readSum, saveSum } from '../../runtime/db/sums.ts'

/** Clicks are counted without their readers, so five clicks may be one person's. */
export const INTERESTS = ['votes', 'saves', 'clicks'] as const
export type Interest = (typeof INTERESTS)[number]

const sumsOf = <Key extends z.ZodRawShape>(key: Key) => z.array(z.object({ ...key, count: z.number() }))
export const Interests = z.object({
  days: sumsOf({ what: z.enum(INTERESTS), day: z.string() }),
  papers: sumsOf({
    what: z.enum(INTERESTS),
    id: z.number(),
    source: z.string(),
    sourceId: z.string(),
    title: z.string(),
  }),
  /** by slug */
  topics: sumsOf({ what: z.enum(INTERESTS), slug: z.string() }),
})
export type InterestSums = z.output<typeof Interests>

export const INTEREST_DAYS = 30
const SUM = 'interest'
const MOST_NAMED = 20

interface Deps {
  db: Db
  now: () => Date
}

/**
 * Sums the readers' votes, saves and clicks of the last 30 days by day, paper and topic. Sums over fewer than FEWEST_PEOPLE are not
 * stored. It reads every vote of the time, so a worker runs it.
 */
export async function countInterest({ db, now }: Deps): Promise<void> {
  const firstDay = daysLater(dayOf(now()), 1 - INTEREST_DAYS)
  const since = startOfDay(firstDay)
  const each = sql`(
    SELECT 'votes' AS what, paper_id, subscriber_id AS who, (cast_at AT TIME ZONE 'UTC')::date AS day, 1 AS count FROM votes WHERE cast_at >= ${since}
    UNION ALL
    SELECT 'saves', paper_id, subscriber_id, (marked_at AT TIME ZONE 'UTC')::date, 1 FROM marks WHERE kind = 'saved' AND marked_at >= ${since}
    UNION ALL
    SELECT 'clicks', paper_id, NULL, day, people FROM clicks WHERE day >= ${firstDay}::date
  ) AS each`
  const days = await query(db, { what: z.enum(INTERESTS), day: text, count: number })`
    SELECT what, day::text, sum(count)::int AS count FROM ${each} GROUP BY what, day HAVING ${isEnough} ORDER BY day`
  const papers = await query(db, {
    what: z.enum(INTERESTS),
    id: bigint,
    source: text,
    sourceId: text,
    title: text,
    count: number,
  })`
    SELECT what, p.id, p.source, p.source_id, p.title, counted.count FROM (${ranked(
      sql`SELECT what, paper_id AS key, sum(count)::int AS count FROM ${each} GROUP BY what, paper_id HAVING ${isEnough}`,
    )}) AS counted JOIN papers p ON p.id = key ORDER BY what, counted.count DESC, p.id`
  const topics = await query(db, { what: z.enum(INTERESTS), slug: text, count: number })`
    SELECT what, key AS slug, count FROM (${ranked(
      sql`SELECT what, topic AS key, sum(count)::int AS count FROM ${each} JOIN papers p ON p.id = paper_id, unnest(p.topics) AS topic
          GROUP BY what, topic HAVING ${isEnough}`,
    )}) AS counted ORDER BY what, count DESC, slug`
  const sums: InterestSums = { days, papers, topics }
  await saveSum(db, SUM, now(), sums)
}

const isEnough = sql`CASE what WHEN 'clicks' THEN sum(count) ELSE count(DISTINCT who) END >= ${FEWEST_PEOPLE}`

/** SQL: the largest sums of each kind. */
const ranked = (sums: SQL): SQL => sql`
  SELECT * FROM (SELECT *, row_number() OVER (PARTITION BY what ORDER BY count DESC, key) AS rank FROM (${sums}) AS s) AS r
  WHERE rank <= ${MOST_NAMED}`

/** Returns the last sums; undefined before the first count. */
export const readInterest = ({ db }: Pick<Deps, 'db'>) => readSum(db, SUM, Interests)
