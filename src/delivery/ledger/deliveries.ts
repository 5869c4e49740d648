import { sql } from 'drizzle-orm'
import { z } from 'zod'
import type { PersonalWishes } from '../../edition/select/read-personal.ts'
import type { Selection } from '../../edition/select/select-papers.ts'
import { SHARES } from '../../edition/select/share.ts'
import type { SelectionPreferences } from '../../edition/select/wishes.ts'
import type { Db } from '../../runtime/db/database.ts'
import { prepared } from '../../runtime/db/prepared.ts'
import { bigint, bool, bytes, number, query, text } from '../../runtime/db/query.ts'
import type { Lease } from './batches.ts'
import { deliveryNeedsAttempt } from './conditions.ts'
import { fromBitmap } from './shown-bitmap.ts'

/** A delivery that needs an attempt, and what decides which papers it shows. */
export interface Pending {
  subscriberId: number
  /** the receiving domain in lower case, which may have a rate limit */
  domain: string
  wishes: Pick<SelectionPreferences, 'size' | 'share' | 'topics' | 'keywords' | 'authors' | 'organisations'> &
    Omit<PersonalWishes, 'subscriberId'>
  /** the choice of an earlier attempt: a resend shows the same papers */
  chosen: Selection | null
}

/** The papers chosen for a reader; none if they had all of them before. */
export interface Chosen {
  subscriberId: number
  chosen: Selection
}

const texts = z.array(text)
const PendingRow = z.object({
  subscriberId: bigint,
  domain: text,
  size: number,
  share: z.enum(['some', 'mostly', 'only']),
  topics: texts,
  keywords: texts,
  authors: texts,
  organisations: texts,
  likePapers: texts,
  likeVoted: bool,
  shown: bytes.nullable(),
  own: number,
})

/** Reads a batch's deliveries that need an attempt, by reader. */
export async function readPending(
  db: Db,
  { editionId, batchId }: Lease,
  policy: 'resend' | 'hold',
): Promise<Pending[]> {
  const statement = sql`
    SELECT d.subscriber_id, lower(split_part(coalesce(s.email, ''), '@', 2)) AS domain, coalesce(s.size, 1) AS size,
      coalesce(s.share, 'some') AS share, coalesce(s.topics, '{}') AS topics, coalesce(s.keywords, '{}') AS keywords,
      coalesce(s.authors, '{}') AS authors, coalesce(s.organisations, '{}') AS organisations,
      coalesce(s.like_papers, '{}') AS like_papers, coalesce(s.like_voted, false) AS like_voted, d.shown, d.own
    FROM deliveries d
    -- OFFSET 0 forces one lookup by id per reader. A plain join read all 10,000 readers for each batch.
    LEFT JOIN LATERAL (SELECT * FROM subscribers WHERE id = d.subscriber_id OFFSET 0) s ON true
    WHERE d.edition_id = ${editionId} AND d.batch_id = ${batchId} AND ${deliveryNeedsAttempt(policy)}
    ORDER BY d.subscriber_id`
  return (await query(db, PendingRow, prepared(statement))).map(
    ({ subscriberId, domain, shown, own, share, ...wishes }) => ({
      subscriberId,
      domain,
      wishes: { ...wishes, share: SHARES[share] },
      chosen: shown && { shown: fromBitmap(shown), own },
    }),
  )
}
