import { randomBytes } from 'node:crypto'
import { and, eq, ne, sql } from 'drizzle-orm'
import { PaperboyError } from '../lib/errors.ts'
import { parseAddress } from '../mail/address.ts'
import { mintToken, type TokenKeys, verifyToken } from '../mail/tokens.ts'
import { isLocale, type Locale } from '../messages/catalogue.ts'
import { subscribers } from '../runtime/db/schema.ts'
import type { Services } from '../runtime/services.ts'
import { personKey, withinEmailLimit } from './email-limit.ts'

/** Shorter than for other links: this one may do more. */
const LINK_MINUTES = 60

export interface ManagedReader {
  subscriberId: number
  email: string
  status: keyof typeof STATUSES
  locale: Locale
  confirmedAt: Date | null
}
const STATUSES = { pending: 1, active: 1, unsubscribed: 1, bounced: 1, complained: 1 }

/**
 * Emails the manage link, which may export, erase and change the address.
 * For an unknown or suppressed address, or one that reported spam, the same row is written and the worker skips it. Neither the
 * answer nor its timing reveals which addresses are known.
 * @throws PaperboyError BAD_ADDRESS
 */
export async function requestManageLink(
  { db, queues, config, now }: Pick<Services, 'db' | 'queues' | 'config' | 'now'>,
  request: { typed: string; mailAfter?: Date },
): Promise<void> {
  const { key } = parseAddress(request.typed, { utf8: true })
  const person = personKey(config, key)
  const at = now()
  await db.execute(sql`
    INSERT INTO outbox (kind, subscriber_id, person, due_at, message_key, created_at)
    SELECT 'manage', (SELECT id FROM subscribers WHERE email_key = ${key}), ${person}, ${request.mailAfter ?? at}, ${randomBytes(16)}, ${at}
    WHERE ${withinEmailLimit(person, 'manage', at)}`)
  void queues.wake('send-service-emails', {})
}

/** Returns a manage token bound to the address: after a change of address, links in the old mailbox stop working. */
export const mintManageToken = (keys: TokenKeys, subscriberId: number, at: Date, addressHash: Buffer): string =>
  mintToken(keys, 'manage', subscriberId, at, addressHash.subarray(0, 8))

function verifyManageToken({ keys, now }: Pick<Services, 'keys' | 'now'>, token: string) {
  const content = verifyToken({ current: keys.current, previous: [] }, 'manage', token)
  if (now().getTime() - content.issuedAt.getTime() > LINK_MINUTES * 60_000) {
    throw new PaperboyError('TOKEN_EXPIRED', 'This link was good for one hour. Ask for a new one.')
  }
  return content
}

/**
 * Returns the reader of a valid manage link. Changes nothing.
 * Links under an earlier SECRET_KEY are refused: they live for an hour, so a rotation loses few.
 * @throws PaperboyError TOKEN_UNKNOWN | TOKEN_EXPIRED
 */
export async function openManageLink(
  { db, keys, now }: Pick<Services, 'db' | 'keys' | 'now'>,
  token: string,
): Promise<ManagedReader> {
  const { subscriberId, extra } = verifyManageToken({ keys, now }, token)
  const [found] = await db
    .select()
    .from(subscribers)
    .where(and(eq(subscribers.id, subscriberId), ne(subscribers.status, 'erased')))
  if (!found?.email || !found.addressHash?.subarray(0, 8).equals(extra)) {
    throw new PaperboyError('TOKEN_UNKNOWN', 'This link belongs to no subscription any more.')
  }
  const { email, status, locale, confirmedAt } = found
  return {
    subscriberId,
    email,
    status: status as ManagedReader['status'],
    locale: isLocale(locale) ? locale : 'en',
    confirmedAt,
  }
}

/**
 * Returns the reader as `openManageLink` does, or undefined for one who is erased: a second click on the button finds that it is done.
 * @throws PaperboyError TOKEN_UNKNOWN | TOKEN_EXPIRED
 */
export async function openToErase(
  deps: Pick<Services, 'db' | 'keys' | 'now'>,
  token: string,
): Promise<ManagedReader | undefined> {
  try {
    return await openManageLink(deps, token)
  } catch (error) {
    const { subscriberId } = verifyManageToken(deps, token)
    const erased = and(eq(subscribers.id, subscriberId), eq(subscribers.status, 'erased'))
    if ((await deps.db.$count(subscribers, erased)) > 0) return undefined
    throw error
  }
}
