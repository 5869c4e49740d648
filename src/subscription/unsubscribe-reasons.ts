import { sql } from 'drizzle-orm'
import { verifyToken } from '../mail/tokens.ts'
import type { Db } from '../runtime/db/database.ts'
import { number, query, text } from '../runtime/db/query.ts'
import type { Services } from '../runtime/services.ts'

/** Why readers unsubscribe. Each has its words in the catalogue. */
export const UNSUBSCRIBE_REASONS = ['too-many', 'not-relevant', 'elsewhere', 'never-asked', 'other'] as const
export type UnsubscribeReason = (typeof UNSUBSCRIBE_REASONS)[number]

/**
 * Adds one to the count of a reason. Nothing else is stored, so a second click counts again.
 * Only for readers who are unsubscribed: others have nothing to explain.
 *
 * @param token of an unsubscribe link
 * @throws PaperboyError TOKEN_UNKNOWN
 */
export async function countUnsubscribeReason(
  { db, keys, now }: Pick<Services, 'db' | 'keys' | 'now'>,
  token: string,
  reason: UnsubscribeReason,
): Promise<void> {
  const { subscriberId } = verifyToken(keys, 'unsubscribe', token)
  await db.execute(sql`
    INSERT INTO unsubscribe_reasons AS r (day, reason, count)
    SELECT (${now()}::timestamptz AT TIME ZONE 'UTC')::date, ${reason}, 1 FROM subscribers
    WHERE id = ${subscriberId} AND status = 'unsubscribed'
    ON CONFLICT ON CONSTRAINT one_count_per_reason_and_day DO UPDATE SET count = r.count + 1`)
}

/** Reads how often each reason was given in the last days, most frequent first. */
export const readUnsubscribeReasons = (db: Db, at: Date, days: number): Promise<{ reason: string; count: number }[]> =>
  query(db, { reason: text, count: number })`
    SELECT reason, sum(count)::int AS count FROM unsubscribe_reasons
    WHERE day > (${at}::timestamptz AT TIME ZONE 'UTC')::date - ${days}::int GROUP BY reason ORDER BY count DESC, reason`
