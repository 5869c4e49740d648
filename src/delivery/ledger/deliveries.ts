import { sql } from 'drizzle-orm'
import { z } from 'zod'
import type { Selection, SelectionPreferences } from '../../edition/select/select-papers.ts'
import type { Db } from '../../runtime/db/database.ts'
import { bigint, bool, bytes, number, query, text } from '../../runtime/db/query.ts'
import type { Lease } from './batches.ts'
import { deliveryNeedsAttempt } from './conditions.ts'
import { fromBitmap } from './shown-bitmap.ts'

/** A delivery that needs an attempt, and what decides which papers it shows. */
export interface Pending {
  subscriberId: number
  /** the receiving domain in lower case, which may have a rate limit */
  domain: string
  wishes: Omit<SelectionPreferences, 'liked'> & { likeVoted: boolean }
  /** the choice of an earlier attempt: a resend shows the same papers */
  chosen: Selection | null
}

/** The papers chosen for a reader; none if they had all of them before. */
export interface Chosen {
  subscriberId: number
  chosen: Selection
}

/** Reads a batch's deliveries that need an attempt, by reader. */
export async function readPending(
  db: Db,
  { editionId, batchId }: Lease,
  policy: 'resend' | 'hold',
): Promise<Pending[]> {
  const statement = sql`
    SELECT d.subscriber_id, lower(split_part(coalesce(s.email, ''), '@', 2)) AS domain, coalesce(s.size, 1) AS size, coalesce(s.topics, '{}') AS topics,
      coalesce(s.keywords, '{}') AS keywords, coalesce(s.like_voted, false) AS like_voted, d.shown, d.own
    FROM deliveries d
    -- OFFSET 0 forces one lookup by id per reader. A plain join read all 10,000 readers for each batch.
    LEFT JOIN LATERAL (SELECT * FROM subscribers WHERE id = d.subscriber_id OFFSET 0) s ON true
    WHERE d.edition_id = ${editionId} AND d.batch_id = ${batchId} AND ${deliveryNeedsAttempt(policy)}
    ORDER BY d.subscriber_id`
  return (await query(db, PendingRow, statement)).map(({ subscriberId, domain, shown, own, ...wishes }) => ({
    subscriberId,
    domain,
    wishes,
    chosen: shown && { shown: fromBitmap(shown), own },
  }))
}

const PendingRow = z.object({
  subscriberId: bigint,
  domain: text,
  size: number,
  topics: z.array(text),
  keywords: z.array(text),
  likeVoted: bool,
  shown: bytes.nullable(),
  own: number,
})
