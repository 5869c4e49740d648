import { type SQL, sql } from 'drizzle-orm'
import { z } from 'zod'
import type { Db } from '../../runtime/db/database.ts'
import { bigint, bool, moment, number, query, queryOne } from '../../runtime/db/query.ts'
import { addVotes, burstsOf } from '../votes/reader-votes.ts'
import { confirmedAt } from './confirmed-votes.ts'
import type { ListVotes } from './list-facts.ts'

const Row = z.object({
  id: bigint,
  listDay: z.string(),
  listPosition: z.number(),
  topics: z.array(z.string()),
  sample: z.boolean(),
  announced: z.boolean(),
  votes: z.number().nullable(),
  comments: z.number().nullable(),
  stars: z.number().nullable(),
  answers: z.boolean(),
  readAt: moment.nullable(),
  listedAt: moment.nullable(),
  ageHours: z.number().nullable(),
  weight: z.number(),
  picked: z.boolean().nullable(),
  note: z.string().nullable(),
  curator: z.string().nullable(),
})

export type ListedVotes = ListVotes & z.output<typeof Row>

/**
 * Reads the papers of some list days with their newest votes by a moment and the curator's verdict, without dropped papers.
 * On a day with real papers, a sample's invented votes must not rank beside them, so samples are omitted.
 */
export async function readListVotes(
  db: Db,
  { from, to }: { from: string; to: string },
  at: Date | SQL,
): Promise<ListedVotes[]> {
  return select(db, at, listedIn(sql`p.list_day BETWEEN ${from}::date AND ${to}::date`))
}

/** Reads a list day's papers with the votes that count for its order (lists/list-order.ts): once it has closed, they are final. */
export async function readCountedVotes(
  { db, now, closeHourUtc }: { db: Db; now: () => Date; closeHourUtc: number },
  day: string,
): Promise<ListedVotes[]> {
  const read = (by: SQL) => readListVotes(db, { from: day, to: day }, by)
  const at = now()
  const list = await read(settledBy(at, closeHourUtc))
  if (list.some(({ sourceVotes }) => sourceVotes !== null)) return list
  // A list of announcements has no votes, ever: it is not read twice.
  const { voted } = await queryOne(db, { voted: bool })`
    SELECT EXISTS (SELECT FROM signals WHERE paper_id = ANY(${sql.param(list.map(({ id }) => id))}::bigint[]) AND observed_at <= ${at}) AS voted`
  return voted ? read(firstReadBy(at)) : list
}

/** Joins `picks k` to papers `p`, and restricts them to those that lists show. */
export const listedIn = (days: SQL): SQL => sql`
  LEFT JOIN picks k ON k.paper_id = p.id AND k.list_day = p.list_day
  WHERE ${days} AND k.verdict IS DISTINCT FROM 'dropped'
    AND NOT (p.sample AND EXISTS (SELECT FROM papers r WHERE r.list_day = p.list_day AND NOT r.sample))`

/** Reads the papers of other list days that the curator added to the editions of some days, in the same form. */
export const readAddedVotes = (db: Db, { from, to }: { from: string; to: string }, at: Date): Promise<ListedVotes[]> =>
  select(
    db,
    at,
    sql`JOIN LATERAL (
      SELECT * FROM picks WHERE paper_id = p.id AND list_day BETWEEN ${from}::date AND ${to}::date AND verdict = 'picked'
      ORDER BY list_day DESC LIMIT 1
    ) k ON true
    WHERE p.list_day NOT BETWEEN ${from}::date AND ${to}::date`,
  )

/** @param restricted joins `picks k`, and the conditions on papers `p` */
async function select(db: Db, at: Date | SQL, restricted: SQL): Promise<ListedVotes[]> {
  const rows = await query(db, { ...Row.shape, bursts: z.array(number).nullable() })`
    SELECT p.id, p.list_day::text, p.list_position, p.listed_at, p.topics, p.sample, p.announced, p.weight, s.votes, s.comments, s.stars,
      coalesce(p.raw -> 'isAuthorParticipating' = 'true'::jsonb, false) AS answers, ${readAtOf(sql`${at}`)} AS read_at,
      ${ageHoursAt(at)} AS age_hours, ${burstsOf(sql`p.id`, at)} AS bursts,
      k.verdict = 'picked' AS picked, k.note, k.curator
    FROM papers p ${withSignals(at)}
    ${restricted}
    ORDER BY p.list_day, p.list_position, p.id`
  return rows.map(({ bursts, ...row }) => ({ ...row, sourceVotes: row.votes, votes: addVotes(row.votes, bursts) }))
}

/** Reads after the close still count for a list, until its edition is usually released. */
export const SETTLED_MS = 3_600_000

/**
 * SQL: the moment up to which votes of a paper `p` count for its list, at a moment. An edition that was late, because the list was read
 * late, keeps the list in its own order.
 */
export const settledBy = (at: Date, closeHourUtc: number): SQL => sql`
  least(${at}::timestamptz, greatest(
    (p.list_day + 1)::timestamp AT TIME ZONE 'UTC' + make_interval(secs => ${closeHourUtc * 3600 + SETTLED_MS / 1000}),
    (SELECT assembled_at FROM editions WHERE kind = 'daily' AND date = p.list_day AND released_at IS NOT NULL)))`

/** SQL: when the votes of a paper `p` were first read; the given moment for one without. */
export const firstReadBy = (at: Date): SQL => sql`
  coalesce((SELECT min(observed_at) FROM signals WHERE paper_id = p.id AND observed_at <= ${at}), ${at}::timestamptz)`

/** Joins papers `p` with their newest snapshot `s` by a moment. */
export const withSignals = (at: Date | SQL): SQL => sql`
  LEFT JOIN LATERAL (
    SELECT * FROM signals WHERE paper_id = p.id AND observed_at <= ${at} ORDER BY observed_at DESC LIMIT 1
  ) s ON true`

/** Hours from listing to the snapshot `s`. Without votes of a source it is a paper's age now, which orders a list by freshness. */
export const ageHoursAt = (at: Date | SQL): SQL => sql`
  CASE WHEN s.observed_at IS NOT NULL
    THEN greatest(extract(epoch FROM s.observed_at - coalesce(p.listed_at, p.list_day::timestamp AT TIME ZONE 'UTC')) / 3600, 0)
    ELSE greatest(extract(epoch FROM ${at}::timestamptz - p.listed_at) / 3600, 0) END::float8`

/** When the votes of snapshot `s` of paper `p` were last read by a moment, NULL if unknown. */
const readAtOf = (at: SQL) => sql`
  greatest(CASE WHEN s.origin <> 'undated' THEN s.observed_at END, ${confirmedAt(sql`s`, at)})`
