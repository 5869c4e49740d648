import { sql } from 'drizzle-orm'
import { z } from 'zod'
import type { Db } from '../../runtime/db/database.ts'
import { bigint, query } from '../../runtime/db/query.ts'
import { type ListedRow, readListed } from '../lists/listed-rows.ts'
import { COUNTED } from './topic-counts.ts'

/**
 * Returns a topic's papers with the most votes in the calendar month of its newest paper, most votes first.
 * Papers without votes are left out.
 */
export async function bestOfMonth(
  { db, now }: { db: Db; now: () => Date },
  slug: string,
  limit: number,
): Promise<ListedRow[]> {
  const at = now()
  const rows = await query(
    db,
    z.object({ id: bigint }),
    sql`WITH own AS (
        SELECT p.id, p.list_day FROM papers p
        WHERE p.topics @> ARRAY[${slug}] AND p.list_day <= ${at}::date AND p.withdrawn_at IS NULL AND ${COUNTED}
      )
      SELECT own.id FROM own
      JOIN LATERAL (
        SELECT votes FROM signals WHERE paper_id = own.id AND observed_at <= ${at} ORDER BY observed_at DESC LIMIT 1
      ) s ON s.votes > 0
      WHERE own.list_day >= date_trunc('month', (SELECT max(list_day) FROM own))
      ORDER BY s.votes DESC, own.id LIMIT ${limit}`,
  )
  return readListed(
    db,
    rows.map(({ id }) => id),
    at,
  )
}

/** Returns how many papers a topic has, and the list day of the first. */
export async function topicExtent(db: Db, slug: string): Promise<{ papers: number; since: string | null }> {
  const [extent] = await query(
    db,
    z.object({ papers: z.number(), since: z.string().nullable() }),
    sql`SELECT count(*)::int AS papers, min(list_day)::text AS since FROM papers p
      WHERE p.topics @> ARRAY[${slug}] AND ${COUNTED}`,
  )
  return extent!
}
