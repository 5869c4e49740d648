import { sql } from 'drizzle-orm'
import type { Db } from '../../runtime/db/database.ts'

/** A paper of an earlier list, and its votes over time. */
export interface Followed {
  id: number
  /** its place by votes when its list (or its week's) closed, from 1 */
  closingRank: number
  /** what the fifth of that list had then */
  fifthVotes: number
  /** when readers last had the chance to see it: the close of its list, or the last edition that had it as still rising */
  earlierVotes: number
  earlierAt: Date
  /** at the last edition of the kind */
  votesBefore: number
  votes: number
}

/** So many of a closed list a digest shows anyway: who was among them is no news. */
const SHOWN_ANYWAY = 10
/** A paper has risen when it has this many times the votes that readers knew of, so many more, and as many as the fifth of its list. */
const TIMES = 2
const LEAST_GAIN = 15
const MOST = 5

/**
 * Papers that were overlooked and are not any more: below the first ten when their list closed, with at least twice the votes since,
 * 15 more, and enough for its list's first five. The most votes since the last edition come first. What was shown as still rising is shown again only when it has
 * doubled once more.
 */
export const stillRising = <P extends Followed>(papers: readonly P[], most = MOST): P[] =>
  papers
    .filter(
      (paper) =>
        paper.closingRank > SHOWN_ANYWAY &&
        paper.votes > paper.votesBefore &&
        paper.votes >= paper.earlierVotes * TIMES &&
        paper.votes - paper.earlierVotes >= LEAST_GAIN &&
        paper.votes >= paper.fifthVotes,
    )
    .sort((a, b) => gain(b) - gain(a) || b.votes - a.votes || a.id - b.id)
    .slice(0, most)

const gain = ({ votes, votesBefore }: Followed) => votes - votesBefore

/** How long a list's papers are followed; sources are polled for as long. */
const FOLLOWED_DAYS = 14
/** Votes that came in later than this after the close belong to the editions to come, also when an old day is assembled anew. */
const COUNTED_HOURS = 24

interface Edition {
  kind: 'daily' | 'weekly'
  /** first list day, YYYY-MM-DD */
  date: string
  closesAt: Date
}

/** Papers of the two weeks before an edition's own days, with their votes then and now. Samples and what was dropped are left out. */
export async function readFollowed(db: Db, { kind, date, closesAt }: Edition, closeHourUtc: number, now: Date) {
  const until = new Date(Math.min(now.getTime(), closesAt.getTime() + COUNTED_HOURS * 3_600_000))
  const span = kind === 'weekly' ? sql`date_trunc('week', p.list_day)` : sql`p.list_day`
  const { rows } = await db.execute<{
    id: string
    closing_rank: string
    fifth_votes: number | null
    earlier_votes: number
    earlier_at: string
    votes_before: number
    votes: number
    comments: number
    stars: number | null
    age_hours: number
  }>(sql`
    WITH last_edition AS (
      SELECT coalesce(
        (SELECT closes_at FROM editions WHERE kind = ${kind} AND date < ${date}::date AND state <> 'cancelled' ORDER BY date DESC LIMIT 1),
        ${closesAt}::timestamptz - make_interval(days => ${kind === 'weekly' ? 7 : 1})) AS closes_at
    ), followed AS (
      SELECT p.id, p.list_day, coalesce(p.listed_at, p.list_day::timestamp AT TIME ZONE 'UTC') AS listed_at, closed.votes AS closing_votes, (p.list_day + 1 + make_time(${closeHourUtc}, 0, 0)) AT TIME ZONE 'UTC' AS closed_at,
        row_number() OVER (PARTITION BY ${span} ORDER BY closed.votes DESC, p.list_position, p.id) AS closing_rank,
        nth_value(closed.votes, 5) OVER (PARTITION BY ${span} ORDER BY closed.votes DESC ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS fifth_votes
      FROM papers p
      JOIN LATERAL (
        SELECT votes FROM signals
        WHERE paper_id = p.id AND observed_at <= (p.list_day + 1 + make_time(${closeHourUtc}, 0, 0)) AT TIME ZONE 'UTC'
        ORDER BY observed_at DESC LIMIT 1
      ) closed ON true
      WHERE p.list_day >= date_trunc('week', ${date}::date - ${FOLLOWED_DAYS}::int) AND p.list_day < ${date}::date
        AND NOT p.sample AND NOT p.announced AND p.withdrawn_at IS NULL
    )
    SELECT f.id, f.closing_rank, f.fifth_votes, coalesce(shown.votes, f.closing_votes) AS earlier_votes, coalesce(shown.closes_at, f.closed_at) AS earlier_at,
      before.votes AS votes_before, latest.votes, latest.comments, latest.stars,
      (extract(epoch FROM latest.observed_at - f.listed_at) / 3600)::float8 AS age_hours
    FROM followed f CROSS JOIN last_edition
    JOIN LATERAL (
      SELECT * FROM signals WHERE paper_id = f.id AND observed_at <= ${until} ORDER BY observed_at DESC LIMIT 1
    ) latest ON true
    JOIN LATERAL (
      SELECT votes FROM signals WHERE paper_id = f.id AND observed_at <= greatest(last_edition.closes_at, f.closed_at)
      ORDER BY observed_at DESC LIMIT 1
    ) before ON true
    LEFT JOIN LATERAL (
      SELECT ep.votes, e.closes_at FROM edition_papers ep JOIN editions e ON e.id = ep.edition_id
      WHERE ep.paper_id = f.id AND ep.section = 'rising' AND e.kind = ${kind} AND e.date < ${date}::date AND e.state <> 'cancelled'
      ORDER BY e.date DESC LIMIT 1
    ) shown ON true
    WHERE f.list_day >= ${date}::date - ${FOLLOWED_DAYS}::int
      AND NOT EXISTS (SELECT FROM picks k WHERE k.paper_id = f.id AND k.list_day = f.list_day AND k.verdict = 'dropped')`)
  return rows.map((row) => ({
    id: Number(row.id),
    closingRank: Number(row.closing_rank),
    fifthVotes: row.fifth_votes ?? 0,
    earlierVotes: row.earlier_votes,
    earlierAt: new Date(row.earlier_at),
    votesBefore: row.votes_before,
    votes: row.votes,
    comments: row.comments,
    stars: row.stars,
    ageHours: row.age_hours,
  }))
}
