import type { Db } from '../../runtime/db/database.ts'
import { number, query, text } from '../../runtime/db/query.ts'

/** The number of papers and the mean of ln(1 + votes) when their lists closed. */
interface VoteBaseline {
  papers: number
  mean: number
}

/** Baselines of the last weeks' papers: of all papers and by topic. */
export interface VoteBaselines {
  all: VoteBaseline
  topics: ReadonlyMap<string, VoteBaseline>
}

/** A topic with this many papers has its own mean and the overall mean weighted equally. */
const PRIOR_PAPERS = 10

/**
 * Returns a paper's votes relative to its topic, so that topics with many and with few voters can be compared.
 * This is ln(1 + votes) minus the baseline (n × the topic's mean + 10 × the overall mean) / (n + 10) over its n papers.
 * A mean of few papers is unreliable, so it moves towards the overall mean (shrinkage; James and Stein 1961).
 * 0 is average; ln 2 is about twice the average votes.
 */
export function standingOf(votes: number, { all, topics }: VoteBaselines, slug?: string): number {
  const { papers, mean } = (slug !== undefined && topics.get(slug)) || { papers: 0, mean: 0 }
  return Math.log1p(votes) - (papers * mean + PRIOR_PAPERS * all.mean) / (papers + PRIOR_PAPERS)
}

/** Without earlier papers, votes are compared directly. */
export const NO_BASELINES: VoteBaselines = { all: { papers: 0, mean: 0 }, topics: new Map() }

const WEEKS = 4

/** Reads the baselines of the weeks before an edition's list. Every list is read at the same age: the day after it, at its close. */
export async function readVoteBaselines(db: Db, editionId: number): Promise<VoteBaselines> {
  const rows = await query(db, { slug: text.nullable(), papers: number, mean: number })`
    SELECT slug, count(DISTINCT p.id)::int AS papers, avg(ln(1 + s.votes))::float8 AS mean
    FROM editions e
    JOIN papers p ON p.list_day >= e.date - ${WEEKS * 7}::int AND p.list_day < e.date AND NOT p.sample AND NOT p.announced
    JOIN LATERAL (
      SELECT votes FROM signals WHERE paper_id = p.id AND observed_at < (p.list_day + 2)::timestamp AT TIME ZONE 'UTC'
      ORDER BY observed_at DESC LIMIT 1
    ) s ON true
    CROSS JOIN LATERAL (SELECT NULL AS slug UNION ALL SELECT unnest(p.topics)) AS about
    WHERE e.id = ${editionId}
    GROUP BY slug`
  const baselines = new Map(rows.map(({ slug, papers, mean }) => [slug, { papers, mean }]))
  const all = baselines.get(null) ?? NO_BASELINES.all
  const topics = new Map([...baselines].flatMap(([slug, own]) => (slug === null ? [] : [[slug, own] as const])))
  return { all, topics }
}
