import { randomBytes } from 'node:crypto'
import { and, eq, ne, sql } from 'drizzle-orm'
import { PaperboyError } from '../lib/errors.ts'
import { addressHash } from '../mail/address.ts'
import { verifyToken } from '../mail/tokens.ts'
import type { Db } from '../runtime/db/database.ts'
import { addressChanges, movedAddresses, outbox, subscribers, suppressions } from '../runtime/db/schema.ts'
import type { Services } from '../runtime/services.ts'
import { liftForOwner } from '../suppression/suppress.ts'
import { carrySuppressions } from './compose-keys.ts'
import { lockPerson, personKey, readerWithinEmailLimit, withinEmailLimit } from './email-limit.ts'
import { openManageLink } from './manage.ts'
import { readAddress } from './sign-up.ts'

const LINK_HOURS = 24

/**
 * Emails a confirmation link to the new address. Nothing changes until the reader opens it.
 * An address that must not be emailed gets no link; the answer is the same.
 *
 * @param token from a fresh manage link
 * @throws PaperboyError TOKEN_UNKNOWN | TOKEN_EXPIRED | BAD_ADDRESS | TOO_MANY_SIGN_UPS when the reader asks too
 *   often
 */
export async function requestAddressChange(
  services: Pick<Services, 'db' | 'keys' | 'config' | 'queues' | 'now' | 'relayAbility'>,
  token: string,
  typed: string,
): Promise<void> {
  const { db, config, queues, now } = services
  const { subscriberId } = await openManageLink(services, token)
  const { email, key } = await readAddress(services, typed)
  const hash = addressHash(config.SUPPRESSION_KEY, key)
  const person = personKey(config, key)
  const at = now()
  await db.transaction(async (tx) => {
    await tx.execute(lockPerson(person))
    await carrySuppressions(tx, config, [key])
    await tx.execute(sql`SELECT FROM subscribers WHERE id = ${subscriberId} FOR UPDATE`)
    const { rowCount } = await tx.execute(sql`
      WITH asked AS (
        INSERT INTO address_changes AS c (subscriber_id, email, email_key, address_hash, nonce, requested_at)
        SELECT s.id, ${email}, ${key}, ${hash}, ${nonceOf(hash)}, ${at}::timestamptz FROM subscribers s
        WHERE s.id = ${subscriberId} AND s.status <> 'erased' AND ${readerWithinEmailLimit(sql`s.id`, 'change', at)} AND ${withinEmailLimit(person, 'change', at)}
        ON CONFLICT (subscriber_id) DO UPDATE SET email = excluded.email, email_key = excluded.email_key,
          address_hash = excluded.address_hash, nonce = excluded.nonce, requested_at = excluded.requested_at
        RETURNING c.subscriber_id
      ), mailed AS (
        INSERT INTO outbox (kind, subscriber_id, person, due_at, message_key, created_at)
        SELECT 'change', subscriber_id, ${person}, ${at}, ${randomBytes(16)}, ${at} FROM asked
      )
      SELECT FROM asked`)
    if (rowCount === 0) {
      throw new PaperboyError('TOO_MANY_SIGN_UPS', 'Too many address changes were requested. Try again later.')
    }
  })
  void queues.wake('send-service-emails', {})
}

/** A link names its address, so that a second click on its button finds that the change is done. */
const nonceOf = (addressHash: Buffer): Buffer => addressHash.subarray(0, 8)

async function hasAddress(db: Db, subscriberId: number, nonce: Buffer): Promise<boolean> {
  const [reader] = await db
    .select({ hash: subscribers.addressHash })
    .from(subscribers)
    .where(eq(subscribers.id, subscriberId))
  return reader?.hash != null && nonceOf(reader.hash).equals(nonce)
}

/**
 * Checks that the link sent to the new address can still be used. Changes nothing.
 * @throws PaperboyError TOKEN_UNKNOWN | TOKEN_EXPIRED
 */
export function checkAddressChange({ keys, now }: Pick<Services, 'keys' | 'now'>, token: string) {
  const content = verifyToken(keys, 'change', token)
  if (now().getTime() - content.issuedAt.getTime() > LINK_HOURS * 3_600_000) {
    throw new PaperboyError('TOKEN_EXPIRED', 'This link was good for one day. Ask for the change again.')
  }
  return content
}

/**
 * Makes the new address the reader's, and tells the old one, which no import activates from then on. Opening the link proves that email
 * arrives at the new one, which lifts a hard bounce or an erasure.
 * An unconfirmed sign-up of that address is deleted. An existing subscription is not. Repeating it changes nothing.
 *
 * @throws PaperboyError TOKEN_UNKNOWN | TOKEN_EXPIRED | ADDRESS_TAKEN
 */
export async function changeAddress(
  { db, keys, now }: Pick<Services, 'db' | 'keys' | 'now'>,
  token: string,
): Promise<void> {
  const { subscriberId, extra: nonce } = checkAddressChange({ keys, now }, token)
  await db.transaction(async (tx) => {
    // First, as an erasure and another request do: they would wait for each other's rows.
    await tx.execute(sql`SELECT FROM subscribers WHERE id = ${subscriberId} FOR UPDATE`)
    const [change] = await tx
      .delete(addressChanges)
      .where(and(eq(addressChanges.subscriberId, subscriberId), eq(addressChanges.nonce, nonce)))
      .returning()
    if (!change) {
      // A second click on the button: the address is theirs.
      if (await hasAddress(tx, subscriberId, nonce)) return
      throw new PaperboyError('TOKEN_UNKNOWN', 'This link was replaced: a newer one was sent.')
    }
    const { email, emailKey, addressHash: hash } = change
    if (!(await liftForOwner(tx, hash)))
      throw new PaperboyError('TOKEN_UNKNOWN', 'This address is on the suppression list.')
    const [other] = await tx
      .select({ id: subscribers.id, status: subscribers.status })
      .from(subscribers)
      .where(and(eq(subscribers.emailKey, emailKey), ne(subscribers.id, subscriberId)))
      .for('update')
    if (other && other.status !== 'pending') {
      throw new PaperboyError('ADDRESS_TAKEN', 'This address has a subscription of its own.')
    }
    if (other) {
      await tx.delete(outbox).where(eq(outbox.subscriberId, other.id))
      await tx.delete(subscribers).where(eq(subscribers.id, other.id))
    }
    await leaveOldAddress(tx, subscriberId, hash, now())
    // The bounce was of the old address.
    const isBack = sql`(${subscribers.status} = 'bounced' AND ${subscribers.confirmedAt} IS NOT NULL AND ${subscribers.nextDigestAt} IS NOT NULL)`
    await tx
      .update(subscribers)
      .set({
        email,
        emailKey,
        addressHash: hash,
        // Confirmed again, so that a late bounce of the old address does not count.
        confirmedAt: sql`CASE WHEN ${subscribers.confirmedAt} IS NOT NULL THEN ${now()}::timestamptz END`,
        status: sql`CASE WHEN ${isBack} THEN 'active' ELSE ${subscribers.status} END`,
        // Their hour stood still since the bounce. The next digest would apologise for one that was missed then.
        nextDigestAt: sql`CASE WHEN ${isBack} THEN next_digest_at(${subscribers.zone}, ${subscribers.hour}, ${subscribers.cadence},
          ${subscribers.weekday}, greatest(${now()}::timestamptz, ${subscribers.pausedUntil} - interval '1 microsecond'))
          ELSE ${subscribers.nextDigestAt} END`,
        missedAt: sql`CASE WHEN NOT ${isBack} THEN ${subscribers.missedAt} END`,
        updatedAt: now(),
      })
      .where(and(eq(subscribers.id, subscriberId), ne(subscribers.status, 'erased')))
  })
}

/**
 * Suppresses the address that the reader has until now, as after an erasure: an old list would otherwise activate it, although they get
 * emails elsewhere or unsubscribed. Queues an email to it if they are active: its owner learns of a move that they did not ask for.
 */
async function leaveOldAddress(db: Db, subscriberId: number, newHash: Buffer, at: Date): Promise<void> {
  const [before] = await db
    .select({ email: subscribers.email, hash: subscribers.addressHash, status: subscribers.status })
    .from(subscribers)
    .where(eq(subscribers.id, subscriberId))
    .for('update')
  if (!before?.email || !before.hash) return
  // Another spelling of the same mailbox.
  if (before.hash.equals(newHash)) return
  await db
    .insert(suppressions)
    .values({ addressHash: before.hash, reason: 'erasure', createdAt: at })
    .onConflictDoNothing()
  if (before.status !== 'active') return
  const [queued] = await db
    .insert(outbox)
    .values({ kind: 'moved', subscriberId, dueAt: at, createdAt: at, messageKey: randomBytes(16) })
    .returning({ id: outbox.id })
  await db.insert(movedAddresses).values({ outboxId: queued!.id, email: before.email, addressHash: before.hash })
}
