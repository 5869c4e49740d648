import { randomBytes } from 'node:crypto'
import { and, eq, ne, sql } from 'drizzle-orm'
import { PaperboyError } from '../lib/errors.ts'
import { parseAddress } from '../mail/address.ts'
import { mintToken, type TokenKeys, verifyToken } from '../mail/tokens.ts'
import { isLocale, type Locale } from '../messages/catalogue.ts'
import { subscribers } from '../runtime/db/schema.ts'
import type { Services } from '../runtime/services.ts'
import { lockPerson, personKey, withinEmailLimit } from './email-limit.ts'

/** Shorter than other links, since it may do more. */
const GOOD_FOR_MINUTES = 60

export interface Managed {
  subscriberId: number
  email: string
  status: keyof typeof STATUSES
  locale: Locale
  confirmedAt: Date | null
}
const STATUSES = { pending: 1, active: 1, unsubscribed: 1, bounced: 1, complained: 1 }

/**
 * Emails the link that may export, erase and change the address to the reader of this address. For an unknown address, or one
 * that must not be mailed, the same row is written, and the worker skips it: neither the answer nor the time it takes tells.
 * @throws PaperboyError BAD_ADDRESS
 */
export async function requestManageLink(
  { db, queues, config, now }: Pick<Services, 'db' | 'queues' | 'config' | 'now'>,
  request: { typed: string; mailAfter?: Date },
): Promise<void> {
  const { key } = parseAddress(request.typed, { utf8: true })
  const person = personKey(config, key)
  const at = now()
  await db.transaction(async (tx) => {
    await tx.execute(lockPerson(person))
    await tx.execute(sql`
      INSERT INTO outbox (kind, subscriber_id, person, due_at, message_key, created_at)
      SELECT 'manage', (SELECT id FROM subscribers WHERE email_key = ${key}), ${person}, ${request.mailAfter ?? at}, ${randomBytes(16)}, ${at}
      WHERE ${withinEmailLimit(person, 'manage', at)}`)
  })
  void queues.wake('send-service-mails', {})
}

/** Bound to the address it is mailed to: after a change of address the links in the old mailbox do nothing. */
export const mintManageToken = (keys: TokenKeys, subscriberId: number, at: Date, addressHash: Buffer): string =>
  mintToken(keys, 'manage', subscriberId, at, addressHash.subarray(0, 8))

/**
 * Whom a fresh link belongs to; changes nothing. An earlier SECRET_KEY opens no such link, since an hour is too short to miss one.
 * @throws PaperboyError TOKEN_UNKNOWN | TOKEN_EXPIRED
 */
export async function openManageLink(
  { db, keys, now }: Pick<Services, 'db' | 'keys' | 'now'>,
  token: string,
): Promise<Managed> {
  const { subscriberId, issuedAt, extra } = verifyToken({ current: keys.current, previous: [] }, 'manage', token)
  if (now().getTime() - issuedAt.getTime() > GOOD_FOR_MINUTES * 60_000) {
    throw new PaperboyError('TOKEN_EXPIRED', 'This link was good for one hour. Ask for a new one.')
  }
  const [found] = await db
    .select()
    .from(subscribers)
    .where(and(eq(subscribers.id, subscriberId), ne(subscribers.status, 'erased')))
  if (!found?.email || !found.addressHash?.subarray(0, 8).equals(extra)) {
    throw new PaperboyError('TOKEN_UNKNOWN', 'There is no subscription behind this link any more.')
  }
  const { email, status, locale, confirmedAt } = found
  return {
    subscriberId,
    email,
    status: status as Managed['status'],
    locale: isLocale(locale) ? locale : 'en',
    confirmedAt,
  }
}
