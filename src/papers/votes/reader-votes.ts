import { sql } from 'drizzle-orm'
import { z } from 'zod'
import type { Db } from '../../runtime/db/database.ts'
import { bigint, number, query } from '../../runtime/db/query.ts'
import { dampBursts } from './damp-bursts.ts'

/**
 * Counts our readers' votes for papers, to be added to the source's votes. Bursts are damped (damp-bursts.ts).
 * Readers who are active or only unsubscribed count. Bounced and complaining ones do not, and neither does a submitter's own vote.
 *
 * @param options.by votes cast later are not counted
 * @returns counts by paper id; papers without a counted vote are absent
 */
export async function countReaderVotes(
  db: Db,
  paperIds: readonly number[],
  { by }: { by?: Date } = {},
): Promise<Map<number, number>> {
  if (paperIds.length === 0) return new Map()
  const rows = await query(db, { id: bigint, bursts: z.array(number) })`
    SELECT paper_id AS id, array_agg(readers) AS bursts
    FROM (
      SELECT v.paper_id, count(*)::int AS readers
      FROM votes v JOIN subscribers s ON s.id = v.subscriber_id
      WHERE v.paper_id = ANY(${sql.param(paperIds)}::bigint[]) AND s.status IN ('active', 'unsubscribed')
        AND v.cast_at <= coalesce(${by ?? null}::timestamptz, 'infinity')
        AND NOT EXISTS (
          SELECT FROM papers p JOIN paper_submitters o USING (source, source_id)
          WHERE p.id = v.paper_id AND o.subscriber_id = v.subscriber_id)
      GROUP BY v.paper_id, v.network
    ) AS networks
    GROUP BY paper_id`
  return new Map(rows.map(({ id, bursts }) => [id, dampBursts(bursts)]))
}
