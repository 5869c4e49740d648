import { randomBytes } from 'node:crypto'
import { and, eq, inArray, sql } from 'drizzle-orm'
import { promisedDigestAt } from '../calendar/promised-digest.ts'
import { type FirstDigest, planFirstDigest } from '../delivery/plan/first-digest.ts'
import { PaperboyError } from '../lib/errors.ts'
import { verifyToken } from '../mail/tokens.ts'
import { outbox, subscribers, suppressions } from '../runtime/db/schema.ts'
import type { Services } from '../runtime/services.ts'
import { isBlocked } from './email-limit.ts'

export const CONFIRM_WINDOW_DAYS = 7

type Deps = Pick<Services, 'db' | 'queues' | 'keys' | 'config' | 'now'>

/**
 * Whose a confirmation link is, if it could still be used; changes nothing. For the page that shows the button.
 * @throws PaperboyError TOKEN_UNKNOWN | TOKEN_EXPIRED
 */
export function checkConfirm({ keys, now }: Pick<Deps, 'keys' | 'now'>, token: string): { subscriberId: number } {
  const { subscriberId, issuedAt } = verifyToken(keys, 'confirm', token)
  if (now().getTime() - issuedAt.getTime() > CONFIRM_WINDOW_DAYS * 86_400_000) {
    throw new PaperboyError(
      'TOKEN_EXPIRED',
      `This link was good for ${CONFIRM_WINDOW_DAYS} days. Sign up again for a new one.`,
    )
  }
  return { subscriberId }
}

/**
 * Second half of double opt-in: the address becomes active, the newest edition is on its way to it at once (FIRST_DIGEST), and its
 * next digest gets a time, then not on the same day.
 *
 * Repeating it is harmless while the reader stays. Once they leave or bounce, the link is used up: only a new sign-up makes a
 * new one (the nonce in the token is then another, and the request younger than what was confirmed). Confirming lifts a suppression
 * for a hard bounce or an erasure; under one for a complaint or by hand the link does nothing, until the operator lifts it.
 *
 * @param token from the confirmation mail: HMAC over purpose, subscriber, time and nonce
 * @returns when the first digest can come at the reader's hour, their zone, and whether they were a reader before;
 *   `begun` when the newest edition is on its way already
 * @throws PaperboyError TOKEN_UNKNOWN | TOKEN_EXPIRED
 */
export async function confirm(
  { db, queues, keys, config, now }: Deps,
  token: string,
): Promise<{ firstDigestAt: Date; zone: string; returning: boolean; begun: boolean }> {
  let first: FirstDigest | undefined
  checkConfirm({ keys, now }, token)
  const { subscriberId, extra: nonce } = verifyToken(keys, 'confirm', token)
  const answer = await db.transaction(async (tx) => {
    const [found] = await tx.select().from(subscribers).where(eq(subscribers.id, subscriberId)).for('update')
    if (!found?.confirmNonce?.equals(nonce)) throw usedUp()
    const before = found.firstConfirmedAt ?? found.confirmedAt
    if (found.status === 'active') {
      return {
        nextDigestAt: found.nextDigestAt!,
        reader: found,
        returning: before !== null && before < found.confirmedAt!,
      }
    }
    if (found.status !== 'pending' && found.status !== 'unsubscribed' && found.status !== 'bounced') throw usedUp()
    const asked = found.requestedAt ?? now()
    if ((found.confirmedAt && found.confirmedAt >= asked) || (found.leftAt && found.leftAt >= asked)) throw usedUp()
    if (await isBlocked(tx, found.addressHash!)) throw usedUp()
    await tx
      .delete(suppressions)
      .where(
        and(eq(suppressions.addressHash, found.addressHash!), inArray(suppressions.reason, ['hard bounce', 'erasure'])),
      )
    const [active] = await tx
      .update(subscribers)
      .set({
        status: 'active',
        confirmedAt: now(),
        firstConfirmedAt: before ?? now(),
        pausedUntil: null,
        nextDigestAt: sql`next_digest_at(${subscribers.zone}, ${subscribers.hour}, ${subscribers.cadence}, ${subscribers.weekday}, ${now()})`,
        updatedAt: now(),
      })
      .where(eq(subscribers.id, subscriberId))
      .returning({ nextDigestAt: subscribers.nextDigestAt })
    first = await planFirstDigest({ db: tx, config, now }, found)
    await tx
      .insert(outbox)
      .values({ kind: 'welcome', subscriberId, dueAt: now(), createdAt: now(), messageKey: randomBytes(16) })
    return { nextDigestAt: first?.nextDigestAt ?? active!.nextDigestAt!, reader: found, returning: before !== null }
  })
  const begun = first !== undefined
  const { nextDigestAt, reader, returning } = answer
  const firstDigestAt = promisedDigestAt(
    { ...reader, nextDigestAt },
    config.EDITION_CLOSE_HOUR_UTC,
    begun ? now() : undefined,
  )
  void queues.wake('send-service-mails', {})
  if (first) void queues.wake('send-batch', { batchId: first.batchId }, `${first.batchId}-0`)
  return { firstDigestAt, zone: reader.zone, returning, begun }
}

const usedUp = (): PaperboyError =>
  new PaperboyError('TOKEN_UNKNOWN', 'This link was used, or a newer one was sent. Sign up again for a new one.')
