import { sql } from 'drizzle-orm'
import type { Db } from '../../runtime/db/database.ts'

/** What papers had when their lists closed: how many papers, and the mean of ln(1 + votes). */
export interface VoteBaseline {
  papers: number
  mean: number
}

/** Of the papers of the last weeks: of all, and by topic. */
export interface VoteBaselines {
  all: VoteBaseline
  topics: ReadonlyMap<string, VoteBaseline>
}

/** A topic's own mean counts as much as that of all papers once it has so many papers. */
const AS_MUCH_AS_ALL = 10

/**
 * How a paper stands among a topic's, so that topics with many voters and with few can be compared: ln(1 + votes) less what is usual,
 * (n × the topic's mean + 10 × the mean of all) / (n + 10) over its n papers of the last weeks. A mean of few papers says little and
 * is drawn to that of all (shrinkage; James and Stein 1961). 0 is as usual, ln 2 about twice the votes that are usual.
 */
export function standingOf(votes: number, { all, topics }: VoteBaselines, slug?: string): number {
  const { papers, mean } = (slug !== undefined && topics.get(slug)) || { papers: 0, mean: 0 }
  return Math.log1p(votes) - (papers * mean + AS_MUCH_AS_ALL * all.mean) / (papers + AS_MUCH_AS_ALL)
}

/** Without a past, votes are compared as they are. */
export const NO_BASELINES: VoteBaselines = { all: { papers: 0, mean: 0 }, topics: new Map() }

const WEEKS = 4

/** What was usual in the weeks before an edition's list. Lists are compared at the same age: the day after, when they have just closed. */
export async function readVoteBaselines(db: Db, editionId: number): Promise<VoteBaselines> {
  const { rows } = await db.execute<{ slug: string | null; papers: number; mean: number }>(sql`
    SELECT slug, count(DISTINCT p.id)::int AS papers, avg(ln(1 + s.votes))::float8 AS mean
    FROM editions e
    JOIN papers p ON p.list_day >= e.date - ${WEEKS * 7}::int AND p.list_day < e.date AND NOT p.sample AND NOT p.announced
    JOIN LATERAL (
      SELECT votes FROM signals WHERE paper_id = p.id AND observed_at < (p.list_day + 2)::timestamp AT TIME ZONE 'UTC'
      ORDER BY observed_at DESC LIMIT 1
    ) s ON true
    CROSS JOIN LATERAL (SELECT NULL AS slug UNION ALL SELECT unnest(p.topics)) AS about
    WHERE e.id = ${editionId}
    GROUP BY slug`)
  const usuals = new Map(rows.map(({ slug, papers, mean }) => [slug, { papers, mean }]))
  const all = usuals.get(null) ?? NO_BASELINES.all
  const topics = new Map([...usuals].flatMap(([slug, usual]) => (slug === null ? [] : [[slug, usual] as const])))
  return { all, topics }
}
