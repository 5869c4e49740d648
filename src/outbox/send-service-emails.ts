import { sql } from 'drizzle-orm'
import { z } from 'zod'
import {
  AFTER_WORKER_DEATH,
  afterOutcome,
  expiresAfterMinutes,
  isAttempt,
  needsAttempt,
  retryDelayMs,
} from '../delivery/ledger/attempts.ts'
import { NOT_HALTED } from '../delivery/ledger/conditions.ts'
import { BY_OPERATOR, passRestoreGuard } from '../delivery/ledger/restore-guard.ts'
import { hasFirstDigest } from '../delivery/plan/first-digest.ts'
import { hashOfAddress } from '../mail/address.ts'
import { addressOf } from '../mail/mailbox.ts'
import { returnPath } from '../mail/return-path.ts'
import { openInFlight } from '../relay/in-flight.ts'
import type { Relay } from '../relay/relay.ts'
import { retryRecording } from '../relay/retry-recording.ts'
import { type Emails, type Sent, sendEmails } from '../relay/send-emails.ts'
import { prepared } from '../runtime/db/prepared.ts'
import { bigint, bool, bytes, moment, number, query, queryOne, text } from '../runtime/db/query.ts'
import { cadence, serviceMail } from '../runtime/db/schema.ts'
import type { Services } from '../runtime/services.ts'
import { composeServiceEmail } from './compose-service-email.ts'
import type { AlertEmail, AlertProblem, ServiceEmail, SignInEmail } from './service-email.ts'
import { WAITING } from './waiting.ts'

type Deps = Pick<Services, 'db' | 'config' | 'keys' | 'now' | 'log' | 'restoreMarkers'> & { relay: Relay }

/** After this long without an outcome, assume the worker died. */
const LEASE_SECONDS = 60

/** A claimed email with its attempt number, from 1. An outcome is recorded only for its own attempt. */
type ClaimedEmail = (ServiceEmail | SignInEmail | AlertEmail) & { attempt: number }

/**
 * Sends all due service, sign-in and alert emails with the engine of all email (relay/send-emails.ts), one after another.
 * Workers share the rows. The rows are the queue, so a lost job delays nothing for long. Attempts follow the policy
 * of digests (delivery/ledger/attempts.ts).
 *
 * @returns the number of attempts
 */
export async function sendServiceEmails(deps: Deps, stop: AbortSignal): Promise<number> {
  const waits = await whatWaits(deps)
  if (waits.ended) await settleExpiredLeases(deps)
  if (!waits.due && !waits.ended) return 0
  // This stores a halt it finds. The claiming statement then allows nothing, or only alerts if the operator ordered the halt.
  await passRestoreGuard(deps)
  let renewal: NodeJS.Timeout | undefined
  const emails: Emails<ClaimedEmail> = {
    groupSize: 1,
    left: () => 1,
    async mark(_, accepted) {
      for (const sent of accepted) await retryRecording(deps, () => this.record([sent]))
      const claimed = await claimNext(deps, deps.now())
      for (const { id } of claimed ?? []) renewal = renewLease(deps, id)
      return claimed
    },
    async send(mail) {
      const bytes = await composeServiceEmail(deps, mail)
      return deps.relay.send({ from: senderOf(deps, mail), to: mail.email }, { bytes }, stop)
    },
    async record([sent]) {
      await record(deps, sent!)
      clearInterval(renewal)
    },
  }
  const { tally } = await sendEmails({ inFlight: openInFlight(1), log: deps.log }, emails, stop).finally(() =>
    clearInterval(renewal),
  )
  return Object.values(tally).reduce((sum, count) => sum + count)
}

/** Bounces from a new or old address or an admin must not count against a reader. */
const senderOf = (deps: Deps, mail: ClaimedEmail): string =>
  mail.kind === 'change' || mail.kind === 'moved' || mail.kind === 'sign-in' || mail.kind === 'alert'
    ? addressOf(deps.config.MAIL_FROM)
    : returnPath(deps, { subscriberId: mail.subscriberId, mail: 'service', reference: mail.id })

/** Returns whether emails are due, and whether some have ended that their dead worker did not settle. */
const whatWaits = ({ db, config, now }: Deps) =>
  queryOne(
    db,
    { due: bool, ended: bool },
    prepared(sql`
      SELECT EXISTS (SELECT FROM outbox WHERE ${due(config, now())}) AS due,
        EXISTS (SELECT FROM outbox WHERE ${LEASE_EXPIRED}) OR EXISTS (SELECT FROM outbox WHERE ${triedEnough(config)}) AS ended`),
  )

const LEASE_EXPIRED = sql`settled_at IS NULL AND state = 'handed' AND lease_until < now()`

const triedEnough = ({ UNKNOWN_POLICY }: Pick<Services['config'], 'UNKNOWN_POLICY'>) =>
  sql`settled_at IS NULL AND state = 'unknown' AND NOT ${needsAttempt(sql`outbox`, UNKNOWN_POLICY)}`

const due = ({ UNKNOWN_POLICY }: Pick<Services['config'], 'UNKNOWN_POLICY'>, at: Date) =>
  sql`${WAITING} AND ${needsAttempt(sql`outbox`, UNKNOWN_POLICY)} AND due_at <= ${at}`

/** Renews the lease while the relay is slow, so that no other worker claims the email. */
const renewLease = ({ db, log }: Deps, id: number): NodeJS.Timeout =>
  setInterval(
    () => {
      db.execute(sql`
      UPDATE outbox SET lease_until = now() + make_interval(secs => ${LEASE_SECONDS}) WHERE id = ${id} AND state = 'handed'`).catch(
        (error) => log.warn({ err: error, outboxId: id }, 'lease renewal failed'),
      )
    },
    (LEASE_SECONDS * 1000) / 3,
  )

/** Settles emails of dead workers: their outcome is unknown, and UNKNOWN_POLICY decides whether to resend them. */
async function settleExpiredLeases({ db, config, now }: Deps): Promise<void> {
  await db.execute(sql`
    UPDATE outbox SET ${AFTER_WORKER_DEATH}, lease_until = NULL WHERE ${LEASE_EXPIRED}`)
  await db.execute(sql`UPDATE outbox SET settled_at = ${now()} WHERE ${triedEnough(config)}`)
}

/**
 * Claims the oldest due email and marks it `handed`. The same statement checks that the recipient may have it; otherwise (unsubscribed,
 * already confirmed, suppressed) it settles the email as `skipped`. Returns undefined when no email is due.
 */
async function claimNext({ db, config }: Pick<Deps, 'db' | 'config'>, at: Date): Promise<ClaimedEmail[] | undefined> {
  const admins = config.ADMIN_EMAILS.map((address) => ({
    address,
    hash: hashOfAddress(config.SUPPRESSION_KEY, address),
  }))
  // One statement, so that no reader who unsubscribes gets the email. `next` locks one due email; `judged` adds its recipient
  // and whether it is allowed; the UPDATE claims or skips it.
  const claimStatement = sql`
    WITH next AS (
      SELECT id FROM outbox
      WHERE ${due(config, at)} AND (${NOT_HALTED} OR kind = 'alert' AND EXISTS (SELECT FROM mailing WHERE halted_why = ${BY_OPERATOR}))
      ORDER BY due_at, id LIMIT 1 FOR UPDATE SKIP LOCKED
    ), judged AS (
      SELECT o.id, s.zone, s.hour, s.cadence, s.next_digest_at, s.address_hash, alert.problems,
        CASE WHEN o.kind IN ('confirm', 'remind') THEN coalesce(s.asked ->> 'locale', s.locale) ELSE s.locale END AS locale,
        CASE o.kind WHEN 'change' THEN c.email WHEN 'moved' THEN moved.email WHEN 'sign-in' THEN admin.address WHEN 'alert' THEN admin.address ELSE s.email END AS email,
        CASE WHEN o.kind = 'change' THEN c.nonce ELSE s.confirm_nonce END AS nonce,
        -- confirm: was ever confirmed; welcome: was confirmed before this time
        CASE WHEN s.status = 'active' THEN coalesce(s.first_confirmed_at < s.confirmed_at, false) ELSE s.confirmed_at IS NOT NULL END AS returning,
        o.kind = 'welcome' AND ${hasFirstDigest(sql`s.id`, sql`s.confirmed_at`, config.DIGEST_EXPIRY_HOURS)} AS begun,
        o.created_at > ${at}::timestamptz - make_interval(mins => CASE o.kind
          WHEN 'sign-in' THEN ${expiresAfterMinutes('sign-in')}::int ELSE ${expiresAfterMinutes('service')}::int END)
          AND coalesce(${MAY_SEND}, false) AS allowed
      FROM next JOIN outbox o ON o.id = next.id
        LEFT JOIN subscribers s ON s.id = o.subscriber_id
        LEFT JOIN address_changes c ON c.subscriber_id = o.subscriber_id
        LEFT JOIN admin_sessions a ON a.id = o.admin_session_id
        LEFT JOIN alert_mails alert ON alert.outbox_id = o.id
        LEFT JOIN moved_addresses moved ON moved.outbox_id = o.id
        LEFT JOIN unnest(${sql.param(admins.map(({ address }) => address))}::text[],
          ${sql.param(admins.map(({ hash }) => hash))}::bytea[]) AS admin (address, address_hash) ON admin.address = coalesce(a.address, alert.address)
    )
    UPDATE outbox o SET
      -- An unknown email may have arrived. Not resending it does not change that.
      state = CASE WHEN j.allowed THEN 'handed' WHEN o.state = 'unknown' THEN 'unknown' ELSE 'skipped' END::delivery_state,
      hand_overs = hand_overs + j.allowed::int,
      lease_until = CASE WHEN j.allowed THEN now() + make_interval(secs => ${LEASE_SECONDS}) END,
      settled_at = CASE WHEN j.allowed THEN NULL ELSE ${at}::timestamptz END
    FROM judged j WHERE o.id = j.id
    RETURNING o.id, o.kind, o.state, o.subscriber_id, o.admin_session_id AS session_id, o.message_key, o.hand_overs AS attempt,
      j.email, j.zone, j.hour, j.cadence, j.locale, j.next_digest_at, j.address_hash, j.nonce, j.returning, j.begun, j.problems`
  const [row] = await query(db, Row, prepared(claimStatement))
  return row && (row.state === 'handed' ? [toClaimed(row)] : [])
}

/** SQL: whether the recipient may still have the email, by kind. */
const MAY_SEND = sql`CASE o.kind
    WHEN 'confirm' THEN s.status IN ('pending', 'unsubscribed', 'bounced') AND (s.left_at IS NULL OR s.left_at < o.created_at)
    WHEN 'remind' THEN s.status = 'pending'
    -- Also where a complaint's suppression was lost: only the operator answers those readers.
    WHEN 'manage' THEN s.status NOT IN ('complained', 'erased')
    WHEN 'change' THEN s.status NOT IN ('complained', 'erased') AND c.email IS NOT NULL AND c.requested_at = o.created_at
    WHEN 'moved' THEN s.status = 'active' AND moved.email IS NOT NULL
    -- still in ADMIN_EMAILS, and the link is unused
    WHEN 'sign-in' THEN admin.address IS NOT NULL AND a.begun_at IS NULL
    WHEN 'alert' THEN admin.address IS NOT NULL
    ELSE s.status = 'active' END
  AND (s.email IS NOT NULL OR o.kind IN ('sign-in', 'alert'))
  AND NOT EXISTS (
    SELECT FROM suppressions x
    WHERE x.address_hash = CASE o.kind WHEN 'change' THEN c.address_hash WHEN 'moved' THEN moved.address_hash WHEN 'sign-in' THEN admin.address_hash WHEN 'alert' THEN admin.address_hash ELSE s.address_hash END
      -- A new request may be answered: confirming lifts a bounce or an erasure. The move itself suppresses the old address.
      AND (o.kind NOT IN ('confirm', 'manage', 'change', 'sign-in', 'alert', 'moved') OR x.reason IN ('complaint', 'manual')
        OR o.kind = 'moved' AND x.reason = 'hard bounce'))`

/** The columns of a reader are NULL in an email to an admin, and the reverse. A skipped email may have no address. */
const Row = z.object({
  id: bigint,
  kind: z.enum(serviceMail.enumValues),
  state: text,
  messageKey: bytes,
  attempt: number,
  email: text.nullable(),
  sessionId: bigint.nullable(),
  problems: z.custom<AlertProblem[] | null>(),
  subscriberId: bigint.nullable(),
  zone: text.nullable(),
  hour: number.nullable(),
  cadence: z.enum(cadence.enumValues).nullable(),
  locale: text.nullable(),
  nextDigestAt: moment.nullable(),
  addressHash: bytes.nullable(),
  nonce: bytes.nullable(),
  returning: bool.nullable(),
  begun: bool.nullable(),
})

function toClaimed({ state: _, sessionId, problems, ...row }: z.output<typeof Row>): ClaimedEmail {
  const { id, messageKey, attempt } = row
  const common = { id, messageKey, attempt, email: row.email! }
  if (row.kind === 'sign-in') return { ...common, kind: row.kind, sessionId: sessionId! }
  if (row.kind === 'alert') return { ...common, kind: row.kind, problems: problems! }
  return row as ClaimedEmail
}

/** Records an outcome. A retry is due after its wait; an email that was never attempted stays due. */
async function record(
  { db, config, now, log }: Deps,
  { attempt: { id, kind, attempt }, outcome }: Sent<ClaimedEmail>,
): Promise<void> {
  const wait = retryDelayMs(kind === 'sign-in' ? kind : 'service', attempt)
  const dueAt = new Date(now().getTime() + (outcome.state === 'queued' ? 0 : wait))
  const after = afterOutcome(sql`o`, sql`${outcome.state}::delivery_state`, config.UNKNOWN_POLICY)
  const recordStatement = sql`
    WITH next AS (
      SELECT o.id, ${after.state} AS state, ${after.attempts} AS hand_overs, ${after.cuts} AS cuts, o.crashes FROM outbox o
      WHERE o.id = ${id} AND ${isAttempt(sql`o`, sql`${attempt}`)} FOR UPDATE
    )
    UPDATE outbox o SET state = next.state, hand_overs = next.hand_overs, cuts = next.cuts, reply = ${outcome.reply}, lease_until = NULL,
      due_at = CASE WHEN ${needsAttempt(sql`next`, config.UNKNOWN_POLICY)} THEN ${dueAt} ELSE o.due_at END,
      settled_at = CASE WHEN ${needsAttempt(sql`next`, config.UNKNOWN_POLICY)} THEN NULL ELSE ${now()}::timestamptz END
    FROM next WHERE o.id = next.id`
  await db.execute(prepared(recordStatement))
  log.info({ outboxId: id, kind, outcome: outcome.state, attempt }, 'service email attempted')
}
