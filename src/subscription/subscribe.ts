import { createHmac, randomBytes } from 'node:crypto'
import { sql } from 'drizzle-orm'
import { canonicalZone } from '../calendar/zone-names.ts'
import { canonicalAddress } from '../lib/network.ts'
import { addressHash, parseAddress } from '../mail/address.ts'
import type { Locale } from '../messages/catalogue.ts'
import { executePrepared } from '../runtime/db/prepared.ts'
import type { Services } from '../runtime/services.ts'
import { mayMail, oneAtATime, personOf } from './stranger-mail.ts'

/** Names the words under which a reader agreed; a new wording of the form gets a new name. */
const FORM_TEXT = 'web form 2026-11'

type Deps = Pick<Services, 'db' | 'queues' | 'config' | 'now'>

/**
 * First half of double opt-in: an address asks for the digest, and a mail to it is on its way.
 *
 * Says nothing about whether the address was known: the same statements and the same rows, whatever they find. A new, unsubscribed
 * or bounced address gets a confirmation email (its status changes only when that is confirmed), an active one an email that says so.
 * The email to an address that must not be mailed is written down like any other; the worker skips it.
 * A person who had their emails for now gets none, and then nothing is changed, so that the link in the last of them
 * stays good. A request that is still open keeps its nonce: the links in all its emails are good.
 *
 * @param request.typed the address as typed, already found to be one that our relay can carry
 * @param request.zone the browser's guess; a name the database does not know counts as UTC, since the reader never typed it
 * @param request.locale the language of the page that was used: mails and personal pages speak it from now on
 * @param request.origin the network address it came from, kept only as a keyed hash
 * @param request.mailAfter when the mail may leave; now where nothing is said
 * @throws PaperboyError BAD_ADDRESS
 */
export async function subscribe(
  { db, queues, config, now }: Deps,
  request: { typed: string; zone?: string | undefined; locale?: Locale; origin: string; mailAfter?: Date },
): Promise<void> {
  const { email, key } = parseAddress(request.typed, { utf8: true })
  const hash = addressHash(config.SUPPRESSION_KEY, key)
  const origin = createHmac('sha256', config.SECRET_KEY)
    .update(`origin\0${canonicalAddress(request.origin)}`)
    .digest()
  // PostgreSQL refuses a NUL before any of its functions could judge the name.
  const zone = canonicalZone(request.zone?.replaceAll('\0', '?') ?? 'UTC')
  const at = now()
  const person = personOf(config, key)
  await db.transaction(async (tx) => {
    await executePrepared(tx, oneAtATime(person))
    const statement = sql`
      WITH asked AS (
        INSERT INTO subscribers AS s (email, email_key, address_hash, zone, locale, confirm_nonce, requested_at, consent_form, consent_origin)
        SELECT ${email}, ${key}, ${hash}, CASE WHEN is_zone(${zone}) THEN ${zone} ELSE 'UTC' END,
               ${request.locale ?? 'en'}, ${randomBytes(8)}, ${at}::timestamptz, ${FORM_TEXT}, ${origin}
        WHERE ${mayMail(person, 'sign-up', at)}
        ON CONFLICT (email_key) DO UPDATE SET
          (email, zone, locale, confirm_nonce, requested_at, consent_form, consent_origin, updated_at) =
          (SELECT email, zone, locale, CASE WHEN ${stillOpen} THEN s.confirm_nonce ELSE excluded.confirm_nonce END,
                  ${at}::timestamptz, consent_form, consent_origin, ${at}::timestamptz
           FROM (VALUES (excluded.email, excluded.zone, excluded.locale, excluded.consent_form, excluded.consent_origin)) AS v (email, zone, locale, consent_form, consent_origin)
           WHERE s.status <> 'active'
           UNION ALL
           SELECT s.email, s.zone, s.locale, s.confirm_nonce, s.requested_at, s.consent_form, s.consent_origin, s.updated_at
           WHERE s.status = 'active')
        RETURNING s.id, s.status
      )
      INSERT INTO outbox (kind, subscriber_id, person, due_at, message_key, created_at)
      SELECT CASE WHEN status = 'active' THEN 'already' ELSE 'confirm' END::service_mail, id, ${person}, ${request.mailAfter ?? at},
        ${randomBytes(16)}, ${at}
      FROM asked`
    await executePrepared(tx, statement)
  })
  void queues.wake('send-service-mails', {})
}

/** SQL: a request that was neither confirmed nor refused since. */
const stillOpen = sql`(s.confirm_nonce IS NOT NULL AND s.requested_at > coalesce(greatest(s.left_at, s.confirmed_at), '-infinity'))`
