import { randomBytes } from 'node:crypto'
import { eq, sql } from 'drizzle-orm'
import { promisedDigestAt } from '../calendar/promised-digest.ts'
import { type FirstDigest, hasFirstDigest, planFirstDigest } from '../delivery/plan/first-digest.ts'
import { PaperboyError } from '../lib/errors.ts'
import { verifyToken } from '../mail/tokens.ts'
import { bool, queryOne } from '../runtime/db/query.ts'
import { outbox, subscribers } from '../runtime/db/schema.ts'
import type { Services } from '../runtime/services.ts'
import { liftForOwner } from '../suppression/suppress.ts'
import { MAX_SELECTIONS } from './preference-rules.ts'

export const CONFIRM_WINDOW_DAYS = 7
/** A second click within this time is one on the same page. */
const SAME_CLICK_MS = 3_600_000

type Deps = Pick<Services, 'db' | 'queues' | 'keys' | 'config' | 'now'>

/**
 * Returns the subscriber of a confirmation link that can still be used. Changes nothing: the page with the button
 * calls it.
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
 * Second half of double opt-in: activates the subscription, with what the sign-up asked for.
 * With FIRST_DIGEST the newest edition is sent at once, and the next digest comes on a later day.
 *
 * Repeating it is harmless while the subscription is active. After an unsubscribe or a bounce the link no longer
 * works.
 * Only a new sign-up makes a new link: it has another nonce and is younger than the last confirmation.
 * Confirming lifts a suppression for a hard bounce or an erasure. Under one for a complaint, or by an operator, the
 * link does nothing until the operator lifts it.
 *
 * @param token from the confirmation email: HMAC over purpose, subscriber, time and nonce
 * @returns when the first digest arrives at the earliest, the reader's zone, and whether they subscribed before;
 *   `begun` when the newest edition is already being sent
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
    if (!found?.confirmNonce?.equals(nonce)) throw linkUsed()
    const before = found.firstConfirmedAt ?? found.confirmedAt
    if (found.status === 'active') {
      const isSameClick = now().getTime() - (found.confirmedAt?.getTime() ?? 0) < SAME_CLICK_MS
      return {
        begun: isSameClick && (await gotFirstDigest({ db: tx, config }, found.id)),
        nextDigestAt: found.nextDigestAt!,
        reader: found,
        returning: before !== null && before < found.confirmedAt!,
      }
    }
    if (found.status !== 'pending' && found.status !== 'unsubscribed' && found.status !== 'bounced') throw linkUsed()
    const asked = found.requestedAt ?? now()
    if ((found.confirmedAt && found.confirmedAt >= asked) || (found.leftAt && found.leftAt >= asked)) throw linkUsed()
    if (!(await liftForOwner(tx, found.addressHash!))) throw linkUsed()
    const wanted = withAsked(found)
    const [active] = await tx
      .update(subscribers)
      .set({
        status: 'active',
        confirmedAt: now(),
        firstConfirmedAt: before ?? now(),
        pausedUntil: null,
        missedAt: null,
        ...wanted,
        asked: null,
        nextDigestAt: sql`next_digest_at(${wanted.zone}, ${subscribers.hour}, ${subscribers.cadence}, ${subscribers.weekday}, ${now()})`,
        updatedAt: now(),
      })
      .where(eq(subscribers.id, subscriberId))
      .returning({ nextDigestAt: subscribers.nextDigestAt })
    first = await planFirstDigest({ db: tx, config, now }, found)
    await tx
      .insert(outbox)
      .values({ kind: 'welcome', subscriberId, dueAt: now(), createdAt: now(), messageKey: randomBytes(16) })
    const nextDigestAt = first?.nextDigestAt ?? active!.nextDigestAt!
    return { begun: first !== undefined, nextDigestAt, reader: { ...found, ...wanted }, returning: before !== null }
  })
  const { begun, nextDigestAt, reader, returning } = answer
  const firstDigestAt = promisedDigestAt(
    { ...reader, nextDigestAt },
    config.EDITION_CLOSE_HOUR_UTC,
    begun ? now() : undefined,
  )
  void queues.wake('send-service-emails', {})
  if (first) void queues.wake('send-batch', { batchId: first.batchId }, `${first.batchId}-0`)
  return { firstDigestAt, zone: reader.zone, returning, begun }
}

/** Returns the reader's values with what their sign-up asked for. */
function withAsked({ asked, zone, locale, topics, authors, organisations }: typeof subscribers.$inferSelect) {
  const all = (own: string[], added: string[] = []) => [...new Set([...own, ...added])].slice(0, MAX_SELECTIONS)
  return {
    zone: asked?.zone ?? zone,
    locale: asked?.locale ?? locale,
    topics: all(topics, asked?.topics),
    authors: all(authors, asked?.authors),
    organisations: all(organisations, asked?.organisations),
  }
}

async function gotFirstDigest({ db, config }: Pick<Deps, 'db' | 'config'>, subscriberId: number): Promise<boolean> {
  const { begun } = await queryOne(db, { begun: bool })`
    SELECT ${hasFirstDigest(sql`s.id`, sql`s.confirmed_at`, config.DIGEST_EXPIRY_HOURS)} AS begun
    FROM subscribers s WHERE s.id = ${subscriberId}`
  return begun
}

const linkUsed = (): PaperboyError =>
  new PaperboyError('TOKEN_UNKNOWN', 'This link was used, or a newer one was sent. Sign up again for a new one.')
