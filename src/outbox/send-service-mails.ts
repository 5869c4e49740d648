import { sql } from 'drizzle-orm'
import {
  AFTER_CRASH,
  afterOutcome,
  expiresAfterMinutes,
  isHandOver,
  stillToDo,
  waitAfterAttempt,
} from '../delivery/ledger/attempts.ts'
import { NOT_HALTED } from '../delivery/ledger/conditions.ts'
import { mayMail } from '../delivery/ledger/restore-guard.ts'
import { persistently } from '../delivery/send/retry-recording.ts'
import { addressHash, parseAddress } from '../mail/address.ts'
import { addressOf } from '../mail/mailbox.ts'
import { returnPath } from '../mail/return-path.ts'
import type { Outcome } from '../relay/outcome.ts'
import type { Relay } from '../relay/relay.ts'
import type { Services } from '../runtime/services.ts'
import type { AlertProblem } from './alert-words.ts'
import { type AlertMail, composeServiceMail, type ServiceMail, type SignInMail } from './compose-service-mail.ts'
import { WAITING } from './waiting.ts'

type Deps = Pick<Services, 'db' | 'config' | 'keys' | 'now' | 'log' | 'witness'> & { relay: Relay }

/** A mail that a worker took and did not settle within this is a dead worker's. */
const LEASE_SECONDS = 60

/** An email marked to be handed over, and the attempt's number, from 1: an outcome is recorded only for the attempt it belongs to. */
type Handed = (ServiceMail | SignInMail | AlertMail) & { handOvers: number }

/**
 * Hands over every service email and sign-in link that is due, one after another, until none is left. Several workers share the rows;
 * what a lost queue entry forgot is found here, since the rows themselves are the queue. Attempts are those of digests
 * (delivery/ledger/attempts.ts).
 *
 * @returns how many were handed over
 */
export async function sendServiceMails(deps: Deps, stop: AbortSignal): Promise<number> {
  await settleDead(deps)
  if (!(await anyDue(deps))) return 0
  // A halt that this finds is noted in the database; the marking statement then lets nothing go but what tells the operators of it.
  await mayMail(deps)
  for (let sent = 0; ; sent++) {
    if (stop.aborted) return sent
    const mail = await markHanded(deps, deps.now())
    if (!mail) return sent
    const bytes = await composeServiceMail(deps, mail)
    const renewal = keepLease(deps, mail.id)
    const outcome = await deps.relay.send({ from: senderOf(deps, mail), to: mail.email }, { bytes }, stop)
    await persistently(deps, () => record(deps, mail, outcome)).finally(() => clearInterval(renewal))
    if (outcome.relayDown) return sent
  }
}

/** What bounces from an address that is not the reader's yet, or is an admin's, must not count against a reader. */
const senderOf = (deps: Deps, mail: Handed): string =>
  mail.kind === 'change' || mail.kind === 'sign-in' || mail.kind === 'alert'
    ? addressOf(deps.config.MAIL_FROM)
    : returnPath(deps, { subscriberId: mail.subscriberId, mail: 'service', reference: mail.id })

const anyDue = async ({ db, config, now }: Deps): Promise<boolean> => {
  const { rows } = await db.execute(sql`SELECT FROM outbox WHERE ${due(config, now())} LIMIT 1`)
  return rows.length > 0
}

const due = ({ UNKNOWN_POLICY }: Pick<Services['config'], 'UNKNOWN_POLICY'>, at: Date) =>
  sql`${WAITING} AND ${stillToDo(sql`outbox`, UNKNOWN_POLICY)} AND due_at <= ${at}`

/** A slow relay is no reason to think this worker dead. */
const keepLease = ({ db, log }: Deps, id: number): NodeJS.Timeout =>
  setInterval(
    () => {
      db.execute(sql`
      UPDATE outbox SET lease_until = now() + make_interval(secs => ${LEASE_SECONDS}) WHERE id = ${id} AND state = 'handed'`).catch(
        (error) => log.warn({ err: error, outboxId: id }, 'a lease could not be renewed'),
      )
    },
    (LEASE_SECONDS * 1000) / 3,
  )

/** What a dead worker left `handed` is unknown, and handed over again, or settled where it is not to be. */
async function settleDead({ db, config, now }: Deps): Promise<void> {
  await db.execute(sql`
    UPDATE outbox SET ${AFTER_CRASH}, lease_until = NULL
    WHERE settled_at IS NULL AND state = 'handed' AND lease_until < now()`)
  await db.execute(sql`
    UPDATE outbox SET settled_at = ${now()}
    WHERE settled_at IS NULL AND state = 'unknown' AND NOT ${stillToDo(sql`outbox`, config.UNKNOWN_POLICY)}`)
}

/**
 * Takes the oldest due mail and marks it `handed`, checking in the same statement that its reader may have it; who may not
 * (left meanwhile, confirmed already, suppressed) is settled as `skipped` and the next one is taken.
 */
async function markHanded({ db, config }: Pick<Deps, 'db' | 'config'>, at: Date): Promise<Handed | undefined> {
  const admins = config.ADMIN_EMAILS.map((address) => ({
    address,
    hash: addressHash(config.SUPPRESSION_KEY, parseAddress(address).key),
  }))
  for (;;) {
    const { rows } = await db.execute<Row>(sql`
      WITH next AS (
        SELECT id FROM outbox
        WHERE ${due(config, at)} AND (kind = 'alert' OR ${NOT_HALTED})
        ORDER BY due_at, id LIMIT 1 FOR UPDATE SKIP LOCKED
      ), judged AS (
        SELECT o.id, s.zone, s.cadence, s.locale, s.next_digest_at, s.address_hash, alert.problems,
          CASE o.kind WHEN 'change' THEN c.email WHEN 'sign-in' THEN admin.address WHEN 'alert' THEN admin.address ELSE s.email END AS email,
          CASE WHEN o.kind = 'change' THEN c.nonce ELSE s.confirm_nonce END AS nonce,
          -- asked to confirm: confirmed before; welcomed: confirmed before this time
          CASE WHEN s.status = 'active' THEN coalesce(s.first_confirmed_at < s.confirmed_at, false) ELSE s.confirmed_at IS NOT NULL END AS returning,
          o.kind = 'welcome' AND EXISTS (
            SELECT FROM deliveries d
            WHERE d.subscriber_id = s.id AND d.state IN ('queued', 'handed', 'accepted', 'deferred', 'unknown')
              AND d.expires_at >= s.confirmed_at + make_interval(hours => ${config.DIGEST_EXPIRY_HOURS})
          ) AS begun,
          o.created_at > ${at}::timestamptz - make_interval(mins => CASE o.kind
            WHEN 'sign-in' THEN ${expiresAfterMinutes('sign-in')}::int ELSE ${expiresAfterMinutes('service')}::int END)
            AND coalesce(${mayHave}, false) AS allowed
        FROM next JOIN outbox o ON o.id = next.id
          LEFT JOIN subscribers s ON s.id = o.subscriber_id
          LEFT JOIN address_changes c ON c.subscriber_id = o.subscriber_id
          LEFT JOIN admin_sessions a ON a.id = o.admin_session_id
          LEFT JOIN alert_mails alert ON alert.outbox_id = o.id
          LEFT JOIN unnest(${sql.param(admins.map(({ address }) => address))}::text[],
            ${sql.param(admins.map(({ hash }) => hash))}::bytea[]) AS admin (address, address_hash) ON admin.address = coalesce(a.address, alert.address)
      )
      UPDATE outbox o SET
        -- One that is unknown may have arrived: not handing it over again does not make that known.
        state = CASE WHEN j.allowed THEN 'handed' WHEN o.state = 'unknown' THEN 'unknown' ELSE 'skipped' END::delivery_state,
        hand_overs = hand_overs + j.allowed::int,
        lease_until = CASE WHEN j.allowed THEN now() + make_interval(secs => ${LEASE_SECONDS}) END,
        settled_at = CASE WHEN j.allowed THEN NULL ELSE ${at}::timestamptz END
      FROM judged j WHERE o.id = j.id
      RETURNING o.id, o.kind, o.state, o.subscriber_id, o.admin_session_id, o.message_key, o.hand_overs,
        j.email, j.zone, j.cadence, j.locale, j.next_digest_at, j.address_hash, j.nonce, j.returning, j.begun, j.problems`)
    const row = rows[0]
    if (!row) return undefined
    if (row.state === 'handed') return toHanded(row)
  }
}

/** SQL: whether the reader may still have this mail, of every kind of it. */
const mayHave = sql`CASE o.kind
    WHEN 'confirm' THEN s.status IN ('pending', 'unsubscribed', 'bounced') AND (s.left_at IS NULL OR s.left_at < o.created_at)
    WHEN 'remind' THEN s.status = 'pending'
    WHEN 'manage' THEN s.status <> 'erased'
    WHEN 'change' THEN s.status <> 'erased' AND c.email IS NOT NULL AND c.requested_at = o.created_at
    -- still in ADMIN_EMAILS, and the link was not used
    WHEN 'sign-in' THEN admin.address IS NOT NULL AND a.begun_at IS NULL
    WHEN 'alert' THEN admin.address IS NOT NULL
    ELSE s.status = 'active' END
  AND (s.email IS NOT NULL OR o.kind IN ('sign-in', 'alert'))
  AND NOT EXISTS (
    SELECT FROM suppressions x
    WHERE x.address_hash = CASE o.kind WHEN 'change' THEN c.address_hash WHEN 'sign-in' THEN admin.address_hash WHEN 'alert' THEN admin.address_hash ELSE s.address_hash END
      -- Who asks anew may be asked; a bounce or an erasure is lifted by their answer.
      AND (o.kind NOT IN ('confirm', 'manage', 'change', 'sign-in', 'alert') OR x.reason IN ('complaint', 'manual')))`

interface Row extends Record<string, unknown> {
  id: string
  kind: Handed['kind']
  state: string
  subscriber_id: string | null
  admin_session_id: string | null
  message_key: Buffer
  hand_overs: number
  email: string
  zone: string
  cadence: ServiceMail['cadence']
  locale: string
  next_digest_at: string | null
  address_hash: Buffer
  nonce: Buffer | null
  returning: boolean
  begun: boolean
  problems: AlertProblem[] | null
}

function toHanded({ kind, ...row }: Row): Handed {
  const common = { id: Number(row.id), email: row.email, messageKey: row.message_key, handOvers: row.hand_overs }
  if (kind === 'sign-in') return { ...common, kind, sessionId: Number(row.admin_session_id) }
  if (kind === 'alert') return { ...common, kind, problems: row.problems! }
  return {
    ...common,
    kind,
    subscriberId: Number(row.subscriber_id),
    zone: row.zone,
    cadence: row.cadence,
    locale: row.locale,
    nextDigestAt: row.next_digest_at === null ? null : new Date(row.next_digest_at),
    addressHash: row.address_hash,
    nonce: row.nonce,
    returning: row.returning,
    begun: row.begun,
  }
}

/** An email that is still to do is due again after its wait; one that was not begun after all stays due. */
async function record({ db, config, now, log }: Deps, mail: Handed, outcome: Outcome): Promise<void> {
  const { id, kind, handOvers } = mail
  const wait = waitAfterAttempt(kind === 'sign-in' ? kind : 'service', handOvers)
  const dueAt = new Date(now().getTime() + (outcome.state === 'queued' ? 0 : wait))
  const after = afterOutcome(sql`o`, sql`${outcome.state}::delivery_state`)
  await db.execute(sql`
    WITH next AS (
      SELECT o.id, ${after.state} AS state, ${after.handOvers} AS hand_overs, ${after.cuts} AS cuts, o.crashes FROM outbox o
      WHERE o.id = ${id} AND ${isHandOver(sql`o`, sql`${handOvers}`)} FOR UPDATE
    )
    UPDATE outbox o SET state = next.state, hand_overs = next.hand_overs, cuts = next.cuts, reply = ${outcome.reply}, lease_until = NULL,
      due_at = CASE WHEN ${stillToDo(sql`next`, config.UNKNOWN_POLICY)} THEN ${dueAt} ELSE o.due_at END,
      settled_at = CASE WHEN ${stillToDo(sql`next`, config.UNKNOWN_POLICY)} THEN NULL ELSE ${now()}::timestamptz END
    FROM next WHERE o.id = next.id`)
  log.info({ outboxId: id, kind, outcome: outcome.state, handOvers }, 'service mail handed over')
}
