import { and, eq, notInArray, sql } from 'drizzle-orm'
import { verifyToken } from '../mail/tokens.ts'
import { subscribers } from '../runtime/db/schema.ts'
import type { Services } from '../runtime/services.ts'
import { subscriberIdOf } from './find-reader.ts'

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
  await unsubscribeReader({ db, now }, checkUnsubscribe({ keys }, token).subscriberId)
}

/**
 * For the operator, when somebody asks by mail.
 * @param who an address, or the token that a mail program put into its request's subject
 * @throws PaperboyError TOKEN_UNKNOWN | BAD_ADDRESS, also when no subscriber has that address
 */
export async function unsubscribeByAddressOrToken(
  { db, keys, now }: Pick<Services, 'db' | 'keys' | 'now'>,
  who: string,
): Promise<void> {
  if (!who.includes('@')) return unsubscribe({ db, keys, now }, who)
  await unsubscribeReader({ db, now }, await subscriberIdOf({ db }, who))
}

/** @returns whether it changed anything: not for who had left, bounced or complained before */
export async function unsubscribeReader(
  { db, now }: Pick<Services, 'db' | 'now'>,
  subscriberId: number,
): Promise<boolean> {
  const left = await db
    .update(subscribers)
    .set({ status: 'unsubscribed', leftAt: now(), updatedAt: now() })
    .where(
      and(
        eq(subscribers.id, subscriberId),
        notInArray(subscribers.status, ['complained', 'bounced', 'erased']),
        sql`(${subscribers.status} <> 'unsubscribed' OR ${subscribers.leftAt} < ${subscribers.requestedAt})`,
      ),
    )
    .returning({ id: subscribers.id })
  return left.length > 0
}
