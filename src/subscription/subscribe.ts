import { createHmac, randomBytes } from 'node:crypto'
import { sql } from 'drizzle-orm'
import type { Locale } from '../messages/catalogue.ts'
import type { Services } from '../services.ts'
import { addressHash, parseAddress } from './address.ts'

/** Names the words under which a reader agreed; a new wording of the form gets a new name. */
const FORM_TEXT = 'web form 2026-11'

/** How many mails one address may be made to receive in a day by whoever types it into the form. */
const MAILS_PER_ADDRESS_AND_DAY = 5

type Deps = Pick<Services, 'db' | 'queues' | 'config' | 'now'>

/**
 * First half of double opt-in: an address asks for the digest, and a mail to it is on its way.
 *
 * Says nothing about whether the address was known: the same statements, whatever they find. A new, left or bounced address gets
 * a confirmation mail (its status changes only when that is confirmed), an active one a mail that says so; one that complained
 * gets none. One that had its mails for today gets none either, and then nothing is changed, so that the link in the last of them
 * stays good.
 *
 * @param request.typed the address as typed
 * @param request.zone the browser's guess; a name the database does not know counts as UTC, since the reader never typed it
 * @param request.locale the language of the page that was used: mails and personal pages speak it from now on
 * @param request.origin the network address it came from, kept only as a keyed hash
 * @throws PaperboyError BAD_ADDRESS
 */
export async function subscribe(
  { db, queues, config, now }: Deps,
  request: { typed: string; zone?: string | undefined; locale?: Locale; origin: string },
): Promise<void> {
  const { email, key } = parseAddress(request.typed)
  const hash = addressHash(config.SUPPRESSION_KEY, key)
  const origin = createHmac('sha256', config.SECRET_KEY).update(`origin\0${request.origin}`).digest()
  // PostgreSQL refuses a NUL before any of its functions could judge the name.
  const zone = request.zone?.replaceAll('\0', '?') ?? 'UTC'
  const at = now()
  await db.transaction(async (tx) => {
    // One at a time for an address: a crowd of requests at once would all find today's mails uncounted.
    await tx.execute(sql`SELECT pg_advisory_xact_lock(hashtextextended(${key}, 0))`)
    await tx.execute(sql`
      WITH today AS (
        SELECT count(*) AS mails FROM outbox o JOIN subscribers s ON s.id = o.subscriber_id
        WHERE s.email_key = ${key} AND o.created_at > ${at}::timestamptz - interval '1 day'
      ), asked AS (
        INSERT INTO subscribers AS s (email, email_key, address_hash, zone, locale, confirm_nonce, requested_at, consent_form, consent_origin)
        VALUES (${email}, ${key}, ${hash}, CASE WHEN is_zone(${zone}) THEN ${zone} ELSE 'UTC' END,
                ${request.locale ?? 'en'}, ${randomBytes(8)}, ${at}, ${FORM_TEXT}, ${origin})
        ON CONFLICT (email_key) DO UPDATE SET
          confirm_nonce = excluded.confirm_nonce, requested_at = excluded.requested_at,
          consent_form = excluded.consent_form, consent_origin = excluded.consent_origin,
          email = CASE WHEN s.status = 'active' THEN s.email ELSE excluded.email END,
          zone = CASE WHEN s.status = 'active' THEN s.zone ELSE excluded.zone END,
          locale = CASE WHEN s.status = 'active' THEN s.locale ELSE excluded.locale END,
          updated_at = ${at}
        WHERE (SELECT mails FROM today) < ${MAILS_PER_ADDRESS_AND_DAY}
        RETURNING s.id, s.status, s.address_hash
      )
      INSERT INTO outbox (kind, subscriber_id, due_at, message_key, created_at)
      SELECT CASE WHEN status = 'active' THEN 'already' ELSE 'confirm' END::service_mail, id, ${at}, ${randomBytes(16)}, ${at}
      FROM asked
      WHERE status NOT IN ('complained', 'erased')
        AND NOT EXISTS (SELECT FROM suppressions x WHERE x.address_hash = asked.address_hash AND x.reason IN ('complaint', 'manual'))`)
  })
  void queues.wake('send-service-mails', {})
}
