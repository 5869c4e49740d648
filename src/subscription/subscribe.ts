import { createHmac, randomBytes } from 'node:crypto'
import { sql } from 'drizzle-orm'
import { canonicalZone } from '../calendar/zone-names.ts'
import { canonicalAddress } from '../lib/network.ts'
import { addressHash, parseAddress } from '../mail/address.ts'
import type { Locale } from '../messages/catalogue.ts'
import { statement } from '../runtime/db/statement.ts'
import type { Services } from '../runtime/services.ts'
import { carrySuppressions } from './compose-keys.ts'
import { CONFIRM_WINDOW_DAYS } from './confirm.ts'
import { personKey, withinEmailLimit } from './email-limit.ts'
import type { Choices } from './preference-rules.ts'

/** Names the wording of the form that the reader agreed to. A new wording gets a new name. */
const FORM_TEXT = 'web form 2026-12'

type Deps = Pick<Services, 'db' | 'config' | 'now'>

/** Wishes that a sign-up may bring, from a page with "follow". */
export type SignUpWishes = Partial<Pick<Choices, 'topics' | 'authors' | 'organisations'>>

interface SignUp {
  typed: string
  zone?: string | undefined
  locale?: Locale
  origin: string
  wishes?: SignUpWishes
  mailAfter?: Date
}

/**
 * First half of double opt-in: records the request and queues the confirmation email.
 *
 * The answer does not reveal whether the address is known: the same statements write the same rows in every case.
 * A new, unsubscribed or bounced address gets a confirmation email; its status changes only on confirmation. An
 * active one gets an email that says so.
 * The email to a suppressed address is queued like any other; the worker skips it.
 * Over the email limit nothing is sent or changed, so that the link in the last email stays valid.
 * An open request keeps its nonce: the links in all its emails work.
 * Anyone can type an address. What a sign-up asks of a known reader takes effect when they confirm (`asked`).
 *
 * @param request.typed the address as typed; the caller has checked that the relay accepts it
 * @param request.zone the browser's guess; an unknown name counts as none, since the reader never typed it. A new reader then has UTC
 * @param request.locale the language of the page, used for emails and personal pages from now on
 * @param request.origin the network address of the request, stored only as a keyed hash
 * @param request.wishes added to those of a reader when they confirm; an active one keeps theirs
 * @param request.mailAfter when the email may be sent; now by default
 * @throws PaperboyError BAD_ADDRESS
 */
export async function subscribe(deps: Deps & Pick<Services, 'queues'>, request: SignUp): Promise<void> {
  await storeSignUp(deps, request)
  void deps.queues.wake('send-service-emails', {})
}

/** The part of `subscribe` for a transaction. Its owner wakes a worker once it is committed: before, there is no email to send. */
export async function storeSignUp({ db, config, now }: Deps, request: SignUp): Promise<void> {
  const { email, key } = parseAddress(request.typed, { utf8: true })
  const hash = addressHash(config.SUPPRESSION_KEY, key)
  const origin = createHmac('sha256', config.SECRET_KEY)
    .update(`origin\0${canonicalAddress(request.origin)}`)
    .digest()
  // PostgreSQL rejects a NUL before is_zone() could judge the name.
  const zone = canonicalZone(request.zone?.replaceAll('\0', '?') ?? '')
  const { languages, defaults } = config.newsletter
  const at = now()
  const person = personKey(config, key)
  // One call: each asks the system.
  const random = randomBytes(24)
  const { topics = [], authors = [], organisations = [] } = request.wishes ?? {}
  await carrySuppressions(db, config, [key])
  await db.execute(
    signUpStatement({
      ...{ email, key, hash, zone, locale: request.locale ?? null, language: languages[0] },
      ...{ nonce: random.subarray(0, 8), at, origin },
      ...{ topics, authors, organisations, ...defaults, person },
      ...{ mailAfter: request.mailAfter ?? at, messageKey: random.subarray(8) },
    }),
  )
}

/** Upserts the sign-up, then queues its email. The SELECT has no row over the limit; an active reader keeps every value. */
const signUpStatement = statement<SignUpValues>(
  (given) => sql`
    WITH allowed AS MATERIALIZED (
      SELECT ${withinEmailLimit(given.person, 'sign-up', given.at)} AS is_allowed, is_zone(${given.zone}) AS has_zone
    ), asked AS (
      INSERT INTO subscribers AS s (email, email_key, address_hash, zone, locale, confirm_nonce, requested_at, consent_form, consent_origin,
        topics, authors, organisations, cadence, size, hour)
      SELECT ${given.email}, ${given.key}, ${given.hash}, CASE WHEN has_zone THEN ${given.zone} ELSE 'UTC' END,
             coalesce(${given.locale}::text, ${given.language}), ${given.nonce}, ${given.at}::timestamptz, ${FORM_TEXT}, ${given.origin},
             ${given.topics}::text[], ${given.authors}::text[], ${given.organisations}::text[],
             ${given.cadence}::cadence, ${given.size}::smallint, ${given.hour}::smallint
      FROM allowed WHERE is_allowed
      ON CONFLICT (email_key) DO UPDATE SET
        (email, confirm_nonce, requested_at, consent_form, consent_origin, updated_at, asked) =
        (SELECT email, CASE WHEN ${isOpen} THEN s.confirm_nonce ELSE excluded.confirm_nonce END,
                ${given.at}::timestamptz, consent_form, consent_origin, ${given.at}::timestamptz,
                earlier || jsonb_strip_nulls(jsonb_build_object('zone', CASE WHEN has_zone THEN zone END, 'locale', ${given.locale}::text))
                  || jsonb_build_object(${allOf('topics')}, ${allOf('authors')}, ${allOf('organisations')})
         FROM allowed, (VALUES (excluded.email, excluded.zone, excluded.consent_form, excluded.consent_origin)) AS v (email, zone, consent_form, consent_origin),
           (VALUES (CASE WHEN ${isOpen} AND s.requested_at > ${given.at}::timestamptz - make_interval(days => ${CONFIRM_WINDOW_DAYS})
             THEN coalesce(s.asked, '{}') ELSE '{}' END)) AS before (earlier)
         WHERE s.status <> 'active'
         UNION ALL
         SELECT s.email, s.confirm_nonce, s.requested_at, s.consent_form, s.consent_origin, s.updated_at, s.asked
         WHERE s.status = 'active')
      RETURNING s.id, s.status
    )
    INSERT INTO outbox (kind, subscriber_id, person, due_at, message_key, created_at)
    SELECT CASE WHEN status = 'active' THEN 'already' ELSE 'confirm' END::service_mail, id, ${given.person}, ${given.mailAfter},
      ${given.messageKey}, ${given.at}
    FROM asked`,
)

type SignUpValues =
  | ('email' | 'key' | 'hash' | 'zone' | 'locale' | 'language' | 'nonce' | 'at' | 'origin')
  | ('person' | 'mailAfter' | 'messageKey')
  | ('topics' | 'authors' | 'organisations' | 'cadence' | 'size' | 'hour')

/** SQL: the request is still open: not confirmed, and no unsubscribe since. */
const isOpen = sql`(s.confirm_nonce IS NOT NULL AND s.requested_at > coalesce(greatest(s.left_at, s.confirmed_at), '-infinity'))`

/** SQL: the wishes of one kind as a field of `asked`: those of an earlier sign-up that its links can still confirm, and the new ones. */
const allOf = (kind: keyof SignUpWishes) =>
  sql.raw(`'${kind}', coalesce(earlier -> '${kind}', '[]') || to_jsonb(excluded.${kind})`)
