import { and, eq, notInArray, sql } from 'drizzle-orm'
import { subscribers } from '../db/schema.ts'
import type { Services } from '../services.ts'
import { verifyToken } from './tokens.ts'

/**
 * Whose link this is, of any age; changes nothing. For the page that shows the button.
 * @throws PaperboyError TOKEN_UNKNOWN
 */
export const checkUnsubscribe = ({ keys }: Pick<Services, 'keys'>, token: string): { subscriberId: number } => ({
  subscriberId: verifyToken(keys, 'unsubscribe', token).subscriberId,
})

/**
 * The reader leaves, at once and for good until they sign up again. Harmless to repeat, and for someone who is gone
 * already. Leaving again also uses up a confirmation link that was mailed since the first time.
 * @throws PaperboyError TOKEN_UNKNOWN for a link that is not ours
 */
export async function unsubscribe(
  { db, keys, now }: Pick<Services, 'db' | 'keys' | 'now'>,
  token: string,
): Promise<void> {
  const { subscriberId } = checkUnsubscribe({ keys }, token)
  await db
    .update(subscribers)
    .set({ status: 'unsubscribed', leftAt: now(), updatedAt: now() })
    .where(
      and(
        eq(subscribers.id, subscriberId),
        notInArray(subscribers.status, ['complained', 'bounced', 'erased']),
        sql`(${subscribers.status} <> 'unsubscribed' OR ${subscribers.leftAt} < ${subscribers.requestedAt})`,
      ),
    )
}
