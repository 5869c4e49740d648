import { type SQL, sql } from 'drizzle-orm'
import { z } from 'zod'
import type { Db } from '../../runtime/db/database.ts'
import { bigint, moment, query } from '../../runtime/db/query.ts'
import { confirmedAt } from './confirmed-votes.ts'

/** A paper of an earlier list, with its votes over time. */
export interface RisingCandidate {
  id: number
  listDay: string
  /** its place by votes when its list or week closed, starting at 1 */
  closingRank: number
  /** the votes that the fifth paper of its list has now */
  fifthVotes: number
  /** the votes when its list closed */
  closingVotes: number
  /** the votes at the last edition of the kind */
  votesBefore: number
  votes: number
}

/** The smallest digest shows this many papers of a closed list, so these are no news for any reader. */
const SHOWN_ANYWAY = 5
/** A rising paper has at least this many times the votes of its list's close, and this many more. */
const TIMES = 1.25
const LEAST_GAIN = 5
/** More than any digest shows, because readers have had different ones of them. */
const CANDIDATES = 10

/**
 * Selects papers that small digests overlooked and that are rising, the highest above their list's fifth paper first,
 * then the oldest: it is followed for fewer days.
 * Such a paper closed below the first five and is among them now. Since the close it has gained a quarter and five votes, and since
 * the last edition at least one. `risingForReader` then omits those that a reader has had.
 */
export const selectRising = <P extends RisingCandidate>(papers: readonly P[], most = CANDIDATES): P[] =>
  papers
    .filter(
      (paper) =>
        paper.closingRank > SHOWN_ANYWAY &&
        paper.votes > paper.votesBefore &&
        paper.votes >= paper.closingVotes * TIMES &&
        paper.votes - paper.closingVotes >= LEAST_GAIN &&
        paper.votes >= paper.fifthVotes,
    )
    .sort(
      (a, b) => height(b) - height(a) || (a.listDay < b.listDay ? -1 : Number(a.listDay > b.listDay)) || a.id - b.id,
    )
    .slice(0, most)

/** Comparable across lists with many and with few voters. */
const height = ({ votes, fifthVotes }: RisingCandidate) => votes / Math.max(fifthVotes, 1)

/** How long a list's papers are followed. Sources are polled for as long. */
const FOLLOWED_DAYS = 14
/** Votes read this long before a list's close are not those of its close. */
const CLOSING_HOURS = 3
/** Later votes belong to later editions, also when an old day is assembled again. */
const COUNTED_HOURS_AFTER_CLOSE = 24

interface Edition {
  kind: 'daily' | 'weekly'
  /** first list day, YYYY-MM-DD */
  date: string
  closesAt: Date
}

const Followed = z.object({
  id: bigint,
  listDay: z.string(),
  closingRank: bigint,
  closingVotes: z.number(),
  closingReadAt: moment,
  rankNow: bigint,
  listed: bigint,
  fifthVotes: z
    .number()
    .nullable()
    .transform((votes) => votes ?? 0),
  votesBefore: z.number(),
  votes: z.number(),
  comments: z.number(),
  stars: z.number().nullable(),
  ageHours: z.number(),
})

/**
 * Reads the papers of the two weeks before an edition's own days, with their votes then and now. Growth is measured: a paper counts only
 * if its votes were read shortly before its list closed.
 * Samples, announcements, withdrawn papers and papers that the curator dropped, from their own list or from this edition, are omitted.
 */
export async function readRisingCandidates(db: Db, edition: Edition, closeHourUtc: number, now: Date) {
  const { date, closesAt } = edition
  const until = new Date(Math.min(now.getTime(), closesAt.getTime() + COUNTED_HOURS_AFTER_CLOSE * 3_600_000))
  return query(db, Followed)`
    WITH last_edition AS (${lastEdition(edition)}), followed AS (${followedLists(edition, closeHourUtc, until)})
    SELECT f.*, before.votes AS votes_before
    FROM followed f CROSS JOIN last_edition
    JOIN ${newestSignal(sql`f.id`, sql`greatest(last_edition.closes_at, f.closed_at)`)} before ON true
    WHERE f.list_day::date >= ${date}::date - ${FOLLOWED_DAYS}::int AND ${isOfClose(sql`f.closing_read_at`, sql`f.closed_at`)}
      AND NOT EXISTS (SELECT FROM picks k WHERE k.paper_id = f.id AND k.verdict = 'dropped'
        AND (k.list_day = f.list_day::date OR k.list_day >= ${date}::date AND k.list_day < ${date}::date + ${edition.kind === 'weekly' ? 7 : 1}::int))`
}

/** When the edition before this one closed. Without one, a day or a week before this edition's close. */
const lastEdition = ({ kind, date, closesAt }: Edition): SQL => sql`
  SELECT coalesce(
    (SELECT closes_at FROM editions WHERE kind = ${kind} AND date < ${date}::date AND state <> 'cancelled' ORDER BY date DESC LIMIT 1),
    ${closesAt}::timestamptz - make_interval(days => ${kind === 'weekly' ? 7 : 1})) AS closes_at`

/** Papers ranked by their votes when their list closed and now: within a list day, or within a week for weekly editions. */
function followedLists({ kind, date }: Edition, closeHourUtc: number, until: Date): SQL {
  const list = kind === 'weekly' ? sql`date_trunc('week', p.list_day)` : sql`p.list_day`
  const closedAt = sql`(p.list_day + 1 + make_time(${closeHourUtc}, 0, 0)) AT TIME ZONE 'UTC'`
  return sql`
    SELECT p.id, p.list_day::text, ${closedAt} AS closed_at, s.votes AS closing_votes, latest.votes, latest.comments, latest.stars,
      ${closingReadAt(sql`s`, closedAt)} AS closing_read_at,
      (extract(epoch FROM latest.observed_at - coalesce(p.listed_at, p.list_day::timestamp AT TIME ZONE 'UTC')) / 3600)::float8 AS age_hours,
      row_number() OVER (PARTITION BY ${list} ORDER BY s.votes DESC, p.list_position, p.id) AS closing_rank,
      row_number() OVER (PARTITION BY ${list} ORDER BY latest.votes DESC, p.list_position, p.id) AS rank_now,
      count(*) OVER (PARTITION BY ${list}) AS listed,
      nth_value(latest.votes, 5) OVER (
        PARTITION BY ${list} ORDER BY latest.votes DESC ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS fifth_votes
    FROM papers p
    JOIN ${newestSignal(sql`p.id`, closedAt)} s ON true
    JOIN ${newestSignal(sql`p.id`, sql`${until}::timestamptz`)} latest ON true
    WHERE p.list_day >= date_trunc('week', ${date}::date - ${FOLLOWED_DAYS}::int) AND p.list_day < ${date}::date
      AND NOT p.sample AND NOT p.announced AND p.withdrawn_at IS NULL`
}

/** A paper's newest snapshot by a moment. */
export const newestSignal = (paperId: SQL, by: SQL): SQL => sql`
  LATERAL (SELECT * FROM signals WHERE paper_id = ${paperId} AND observed_at <= ${by} ORDER BY observed_at DESC LIMIT 1)`

/** When the snapshot `s` of a paper `p` was last read before its list closed. NULL if unknown. */
export const closingReadAt = (s: SQL, closedAt: SQL): SQL => sql`
  CASE WHEN ${s}.origin <> 'undated' THEN greatest(${s}.observed_at, ${confirmedAt(s, closedAt)}) END`

/** Whether votes that were read then are those of the close. */
export const isOfClose = (readAt: SQL, closedAt: SQL): SQL =>
  sql`${readAt} >= ${closedAt} - make_interval(hours => ${CLOSING_HOURS})`
