import { sql } from 'drizzle-orm'
import type { Db } from '../../runtime/db/database.ts'
import { dampBursts } from './damp-bursts.ts'

/**
 * How many votes of our own readers count for each of these papers, bursts damped (damp-bursts.ts), to be added to the source's votes.
 * Counted are readers who confirmed and have not been found out since: active ones, and those who only left. A submitter's own vote
 * is not.
 *
 * @param options.by votes cast later are not counted
 * @returns papers without such a vote are absent
 */
export async function countReaderVotes(
  db: Db,
  paperIds: readonly number[],
  { by }: { by?: Date } = {},
): Promise<Map<number, number>> {
  if (paperIds.length === 0) return new Map()
  const { rows } = await db.execute<{ id: string; bursts: number[] }>(sql`
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
    GROUP BY paper_id`)
  return new Map(rows.map(({ id, bursts }) => [Number(id), dampBursts(bursts)]))
}
