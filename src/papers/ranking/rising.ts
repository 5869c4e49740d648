import { type SQL, sql } from 'drizzle-orm'
import type { Db } from '../../runtime/db/database.ts'

/** A paper of an earlier list, with its votes over time. */
export interface RisingCandidate {
  id: number
  /** its place by votes when its list or week closed, starting at 1 */
  closingRank: number
  /** the votes of the fifth paper of that list at the close */
  fifthVotes: number
  /** the votes when readers last could see it: at its list's close, or in the last edition that showed it as rising */
  earlierVotes: number
  earlierAt: Date
  /** the votes at the last edition of the kind */
  votesBefore: number
  votes: number
}

/** A digest shows this many papers of a closed list, so these are no news. */
const SHOWN_ANYWAY = 10
/** A rising paper has this many times the votes that readers know of. */
const TIMES = 2
const LEAST_GAIN = 15
const MOST = 5

/**
 * Selects papers that were overlooked and are rising, the largest gain since the last edition first.
 * Such a paper closed below the first ten. Since then it has at least doubled its votes and gained 15.
 * It also has as many votes as its list's fifth paper. A paper shown as rising must double again to be shown again.
 */
export const selectRising = <P extends RisingCandidate>(papers: readonly P[], most = MOST): P[] =>
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

const gain = ({ votes, votesBefore }: RisingCandidate) => votes - votesBefore

/** How long a list's papers are followed. Sources are polled for as long. */
const FOLLOWED_DAYS = 14
/** Later votes belong to later editions, also when an old day is assembled again. */
const COUNTED_HOURS_AFTER_CLOSE = 24

interface Edition {
  kind: 'daily' | 'weekly'
  /** first list day, YYYY-MM-DD */
  date: string
  closesAt: Date
}

/**
 * Reads the papers of the two weeks before an edition's own days, with their votes then and now.
 * Samples, announcements, withdrawn papers and papers that the curator dropped are omitted.
 */
export async function readRisingCandidates(db: Db, edition: Edition, closeHourUtc: number, now: Date) {
  const { kind, date, closesAt } = edition
  const until = new Date(Math.min(now.getTime(), closesAt.getTime() + COUNTED_HOURS_AFTER_CLOSE * 3_600_000))
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
    WITH last_edition AS (${lastEdition(edition)}), closed AS (${closedLists(edition, closeHourUtc)})
    SELECT c.id, c.closing_rank, c.fifth_votes, coalesce(shown.votes, c.closing_votes) AS earlier_votes,
      coalesce(shown.closes_at, c.closed_at) AS earlier_at, before.votes AS votes_before,
      latest.votes, latest.comments, latest.stars, (extract(epoch FROM latest.observed_at - c.listed_at) / 3600)::float8 AS age_hours
    FROM closed c CROSS JOIN last_edition
    JOIN ${newestSignal(sql`c.id`, sql`${until}`)} latest ON true
    JOIN ${newestSignal(sql`c.id`, sql`greatest(last_edition.closes_at, c.closed_at)`)} before ON true
    LEFT JOIN LATERAL (
      SELECT ep.votes, e.closes_at FROM edition_papers ep JOIN editions e ON e.id = ep.edition_id
      WHERE ep.paper_id = c.id AND ep.section = 'rising' AND e.kind = ${kind} AND e.date < ${date}::date AND e.state <> 'cancelled'
      ORDER BY e.date DESC LIMIT 1
    ) shown ON true
    WHERE c.list_day >= ${date}::date - ${FOLLOWED_DAYS}::int
      AND NOT EXISTS (SELECT FROM picks k WHERE k.paper_id = c.id AND k.list_day = c.list_day AND k.verdict = 'dropped')`)
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

/** When the edition before this one closed. Without one, a day or a week before this edition's close. */
const lastEdition = ({ kind, date, closesAt }: Edition): SQL => sql`
  SELECT coalesce(
    (SELECT closes_at FROM editions WHERE kind = ${kind} AND date < ${date}::date AND state <> 'cancelled' ORDER BY date DESC LIMIT 1),
    ${closesAt}::timestamptz - make_interval(days => ${kind === 'weekly' ? 7 : 1})) AS closes_at`

/** Papers ranked by their votes when their list closed: within a list day, or within a week for weekly editions. */
function closedLists({ kind, date }: Edition, closeHourUtc: number): SQL {
  const list = kind === 'weekly' ? sql`date_trunc('week', p.list_day)` : sql`p.list_day`
  const closedAt = sql`(p.list_day + 1 + make_time(${closeHourUtc}, 0, 0)) AT TIME ZONE 'UTC'`
  return sql`
    SELECT p.id, p.list_day, coalesce(p.listed_at, p.list_day::timestamp AT TIME ZONE 'UTC') AS listed_at,
      s.votes AS closing_votes, ${closedAt} AS closed_at,
      row_number() OVER (PARTITION BY ${list} ORDER BY s.votes DESC, p.list_position, p.id) AS closing_rank,
      nth_value(s.votes, 5) OVER (PARTITION BY ${list} ORDER BY s.votes DESC ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS fifth_votes
    FROM papers p JOIN ${newestSignal(sql`p.id`, closedAt)} s ON true
    WHERE p.list_day >= date_trunc('week', ${date}::date - ${FOLLOWED_DAYS}::int) AND p.list_day < ${date}::date
      AND NOT p.sample AND NOT p.announced AND p.withdrawn_at IS NULL`
}

/** A paper's newest snapshot by a moment. */
const newestSignal = (paperId: SQL, by: SQL): SQL => sql`
  LATERAL (SELECT * FROM signals WHERE paper_id = ${paperId} AND observed_at <= ${by} ORDER BY observed_at DESC LIMIT 1)`
