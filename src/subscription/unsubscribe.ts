import { and, eq, notInArray, sql } from 'drizzle-orm'
import { verifyToken } from '../mail/tokens.ts'
import { subscribers } from '../runtime/db/schema.ts'
import type { Services } from '../runtime/services.ts'
import { subscriberIdOf } from './find-reader.ts'

/**
 * Returns the subscriber of an unsubscribe link of any age. Changes nothing: the page with the button calls it.
 * @throws PaperboyError TOKEN_UNKNOWN
 */
export const checkUnsubscribe = ({ keys }: Pick<Services, 'keys'>, token: string): { subscriberId: number } => ({
  subscriberId: verifyToken(keys, 'unsubscribe', token).subscriberId,
})

/**
 * Unsubscribes the reader at once, until they sign up again. Safe to repeat, and for erased readers.
 * Repeating it also invalidates a confirmation link sent since the first time.
 * @throws PaperboyError TOKEN_UNKNOWN when the link is not ours
 */
export async function unsubscribe(
  { db, keys, now }: Pick<Services, 'db' | 'keys' | 'now'>,
  token: string,
): Promise<void> {
  await unsubscribeReader({ db, now }, checkUnsubscribe({ keys }, token).subscriberId)
}

/**
 * For operators, when a reader asks by email.
 * @param who an address, or the token that an email program put into the subject
 * @returns as `unsubscribeReader`
 * @throws PaperboyError TOKEN_UNKNOWN | BAD_ADDRESS, also when no subscriber has that address
 */
export async function unsubscribeByAddressOrToken(
  { db, keys, now }: Pick<Services, 'db' | 'keys' | 'now'>,
  who: string,
): Promise<boolean> {
  const id = who.includes('@') ? await subscriberIdOf({ db }, who) : checkUnsubscribe({ keys }, who).subscriberId
  return unsubscribeReader({ db, now }, id)
}

/**
 * A bounced reader becomes unsubscribed: a bounce ends with another address, and a request of theirs does not.
 * @returns whether anything changed: false for readers who already unsubscribed, or complained
 */
export async function unsubscribeReader(
  { db, now }: Pick<Services, 'db' | 'now'>,
  subscriberId: number,
): Promise<boolean> {
  const updated = await db
    .update(subscribers)
    .set({ status: 'unsubscribed', leftAt: now(), updatedAt: now() })
    .where(
      and(
        eq(subscribers.id, subscriberId),
        notInArray(subscribers.status, ['complained', 'erased']),
        sql`(${subscribers.status} <> 'unsubscribed' OR ${subscribers.leftAt} < ${subscribers.requestedAt})`,
      ),
    )
    .returning({ id: subscribers.id })
  return updated.length > 0
}
