import { sql } from 'drizzle-orm'
import { NOT_HALTED } from '../delivery/ledger/conditions.ts'
import { waitAfter } from '../delivery/ledger/later-batches.ts'
import { mayMail } from '../delivery/ledger/restore-guard.ts'
import { addressOf } from '../delivery/send/edition-renderer.ts'
import { persistently } from '../delivery/send/retry-recording.ts'
import { returnPath } from '../mail/return-path.ts'
import type { Outcome } from '../relay/outcome.ts'
import type { Relay } from '../relay/relay.ts'
import type { Services } from '../runtime/services.ts'
import { type AlertProblem, composeAlert } from './compose-alert.ts'
import { composeServiceMail, type ServiceMail } from './compose-service-mail.ts'
import { WAITING } from './waiting.ts'

type Deps = Pick<Services, 'db' | 'config' | 'keys' | 'now' | 'log' | 'witness'> & { relay: Relay }

/** A mail that a worker took and did not settle within this is a dead worker's. */
const LEASE_SECONDS = 60
/** A service mail that could not be handed over for two days helps nobody any more: its link is asked for anew. */
const EXPIRES_AFTER_HOURS = 48
/** How often one mail is handed over again after lost connections, under UNKNOWN_POLICY=resend. */
const RESENDS_AFTER_CUT = 3

/** A mail marked to be handed over, and the how-manieth time: an outcome is recorded only for the hand-over it belongs to. */
type Handed = ServiceMail & {
  handOvers: number
  /** of an email to the operators, which has no reader */
  problems: AlertProblem[] | null
}

/**
 * Hands over every service mail that is due, one after another, until none is left. Several workers share the rows; what a
 * lost queue entry forgot is found here, since the rows themselves are the queue.
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
    const message = await (mail.problems
      ? composeAlert(deps.config, { ...mail, address: mail.email, problems: mail.problems }, deps.now())
      : composeServiceMail(deps, mail))
    const renewal = keepLease(deps, mail.id)
    // What bounces from an address that is not the reader's yet must not count against the one that is.
    const from =
      mail.kind === 'change' || mail.problems
        ? addressOf(deps.config.MAIL_FROM)
        : returnPath(deps, { subscriberId: mail.subscriberId, mail: 'service', reference: mail.id })
    const outcome = await deps.relay.send({ from, to: mail.email }, message)
    await persistently(deps, () => record(deps, mail, outcome)).finally(() => clearInterval(renewal))
    if (outcome.relayDown) return sent
  }
}

const anyDue = async ({ db, now }: Deps): Promise<boolean> => {
  const { rows } = await db.execute(sql`SELECT FROM outbox WHERE ${due(now())} LIMIT 1`)
  return rows.length > 0
}

const due = (at: Date) => sql`${WAITING} AND due_at <= ${at}`

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

/** What a dead worker left `handed`: handed over again once (same Message-ID), or under `hold` never. */
async function settleDead({ db, config, now }: Deps): Promise<void> {
  await db.execute(sql`
    UPDATE outbox SET crashes = crashes + 1, lease_until = NULL, reply = 'the worker died before the reply',
      state = CASE WHEN ${config.UNKNOWN_POLICY} = 'resend' AND crashes < 1 THEN 'queued' ELSE 'unknown' END::delivery_state,
      settled_at = CASE WHEN ${config.UNKNOWN_POLICY} = 'resend' AND crashes < 1 THEN NULL ELSE ${now()}::timestamptz END
    WHERE settled_at IS NULL AND state = 'handed' AND lease_until < now()`)
}

/**
 * Takes the oldest due mail and marks it `handed`, checking in the same statement that its reader may have it; who may not
 * (left meanwhile, confirmed already, suppressed) is settled as `skipped` and the next one is taken.
 */
async function markHanded({ db, config }: Pick<Deps, 'db' | 'config'>, at: Date): Promise<Handed | undefined> {
  for (;;) {
    const { rows } = await db.execute<Row>(sql`
      WITH next AS (
        SELECT id FROM outbox
        WHERE ${due(at)} AND (kind = 'alert' OR ${NOT_HALTED})
        ORDER BY due_at, id LIMIT 1 FOR UPDATE SKIP LOCKED
      ), judged AS (
        SELECT o.id, s.zone, s.locale, s.next_digest_at, s.address_hash,
          coalesce(a.address, CASE WHEN o.kind = 'change' THEN c.email ELSE s.email END) AS email, a.problems,
          CASE WHEN o.kind = 'change' THEN c.nonce ELSE s.confirm_nonce END AS nonce,
          -- asked to confirm: confirmed before; welcomed: confirmed before this time
          CASE WHEN s.status = 'active' THEN coalesce(s.first_confirmed_at < s.confirmed_at, false) ELSE s.confirmed_at IS NOT NULL END AS returning,
          o.kind = 'welcome' AND EXISTS (
            SELECT FROM deliveries d
            WHERE d.subscriber_id = s.id AND d.state IN ('queued', 'handed', 'accepted', 'deferred', 'unknown')
              AND d.expires_at >= s.confirmed_at + make_interval(hours => ${config.DIGEST_EXPIRY_HOURS})
          ) AS begun,
          o.created_at > ${at}::timestamptz - make_interval(hours => ${EXPIRES_AFTER_HOURS})
            AND (a.address IS NOT NULL OR (${mayHave})) AS allowed
        FROM next JOIN outbox o ON o.id = next.id
          LEFT JOIN subscribers s ON s.id = o.subscriber_id
          LEFT JOIN address_changes c ON c.subscriber_id = o.subscriber_id
          LEFT JOIN alert_mails a ON a.outbox_id = o.id
      )
      UPDATE outbox o SET
        -- One that is unknown may have arrived: not handing it over again does not make that known.
        state = CASE WHEN j.allowed THEN 'handed' WHEN o.state = 'unknown' THEN 'unknown' ELSE 'skipped' END::delivery_state,
        hand_overs = hand_overs + j.allowed::int,
        lease_until = CASE WHEN j.allowed THEN now() + make_interval(secs => ${LEASE_SECONDS}) END,
        settled_at = CASE WHEN j.allowed THEN NULL ELSE ${at}::timestamptz END
      FROM judged j WHERE o.id = j.id
      RETURNING o.id, o.kind, o.state, o.subscriber_id, o.message_key, o.hand_overs,
        j.email, j.zone, j.locale, j.next_digest_at, j.address_hash, j.nonce, j.returning, j.begun, j.problems`)
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
    ELSE s.status = 'active' END
  AND s.email IS NOT NULL
  AND NOT EXISTS (
    SELECT FROM suppressions x
    WHERE x.address_hash = CASE WHEN o.kind = 'change' THEN c.address_hash ELSE s.address_hash END
      -- Who asks anew may be asked; a bounce or an erasure is lifted by their answer.
      AND (o.kind NOT IN ('confirm', 'manage', 'change') OR x.reason IN ('complaint', 'manual')))`

interface Row extends Record<string, unknown> {
  id: string
  kind: ServiceMail['kind']
  state: string
  subscriber_id: string
  message_key: Buffer
  hand_overs: number
  email: string
  zone: string
  locale: string
  next_digest_at: string | null
  address_hash: Buffer
  nonce: Buffer | null
  returning: boolean
  begun: boolean
  problems: AlertProblem[] | null
}

const toHanded = (row: Row): Handed => ({
  id: Number(row.id),
  kind: row.kind,
  subscriberId: Number(row.subscriber_id),
  email: row.email,
  zone: row.zone,
  locale: row.locale,
  nextDigestAt: row.next_digest_at === null ? null : new Date(row.next_digest_at),
  addressHash: row.address_hash,
  nonce: row.nonce,
  returning: row.returning,
  begun: row.begun,
  messageKey: row.message_key,
  handOvers: row.hand_overs,
  problems: row.problems,
})

/** A cut connection leaves a mail `unknown` and, under `resend`, due again like a deferred one until it was tried often enough. */
async function record({ db, config, now, log }: Deps, mail: Handed, outcome: Outcome): Promise<void> {
  const { id, kind, handOvers } = mail
  const again =
    outcome.state === 'deferred' ||
    (outcome.state === 'unknown' && config.UNKNOWN_POLICY === 'resend' && handOvers <= RESENDS_AFTER_CUT)
  const dueAt = new Date(now().getTime() + (waitAfter(1) / 5) * handOvers)
  await db.execute(sql`
    UPDATE outbox SET state = ${outcome.state}, reply = ${outcome.reply}, lease_until = NULL,
      due_at = CASE WHEN ${again} THEN ${dueAt} ELSE due_at END,
      settled_at = CASE WHEN ${again} THEN NULL ELSE ${now()}::timestamptz END
    WHERE id = ${id} AND hand_overs = ${handOvers}`)
  log.info({ outboxId: id, kind, outcome: outcome.state, handOvers }, 'service mail handed over')
}
