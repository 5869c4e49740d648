import { type SQL, sql } from 'drizzle-orm'
import { z } from 'zod'
import type { Db } from '../../runtime/db/database.ts'
import { bigint, number, query } from '../../runtime/db/query.ts'
import { dampBursts } from './damp-bursts.ts'

/**
 * Counts our readers' votes for the papers of some list days, to be added to the source's votes. Bursts are damped (damp-bursts.ts).
 * Readers who are active or only unsubscribed count. Bounced and complaining ones do not, and neither does a submitter's own vote.
 *
 * @param by votes cast later are not counted
 * @returns counts by paper id; papers without a counted vote are absent
 */
export async function countVotesInSpan(
  db: Db,
  { from, to }: { from: string; to: string },
  by: Date,
): Promise<Map<number, number>> {
  const rows = await query(db, { id: bigint, bursts: z.array(number) })`
    SELECT paper_id AS id, array_agg(readers) AS bursts
    FROM (
      SELECT v.paper_id, count(*)::int AS readers FROM ${counted(by)}
        -- An array, or PostgreSQL may read every vote.
        AND v.paper_id = ANY(ARRAY(SELECT id FROM papers WHERE list_day BETWEEN ${from}::date AND ${to}::date))
      GROUP BY v.paper_id, v.network
    ) AS networks
    GROUP BY paper_id`
  return new Map(rows.map(({ id, bursts }) => [id, dampBursts(bursts)]))
}

/** Returns an expression for one paper's bursts in the form of `dampBursts`, NULL without a counted vote. */
export const burstsOf = (paperId: SQL, by: Date | SQL): SQL => sql`
  (SELECT array_agg(readers) FROM (SELECT count(*)::int AS readers FROM ${counted(by)} AND v.paper_id = ${paperId} GROUP BY v.network) AS networks)`

/** Adds our readers' votes to a source's. Both may be unknown. */
export const addVotes = (votes: number | null, bursts: readonly number[] | null): number | null =>
  bursts === null ? votes : (votes ?? 0) + dampBursts(bursts)

/** The votes `v` that count. */
const counted = (by: Date | SQL): SQL => sql`
  votes v JOIN subscribers s ON s.id = v.subscriber_id
  WHERE s.status IN ('active', 'unsubscribed') AND v.cast_at <= ${by}::timestamptz
    AND NOT EXISTS (
      SELECT FROM papers own JOIN paper_submitters o USING (source, source_id)
      WHERE own.id = v.paper_id AND o.subscriber_id = v.subscriber_id)`
