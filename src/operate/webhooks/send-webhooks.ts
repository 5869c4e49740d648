import { randomInt } from 'node:crypto'
import { sql } from 'drizzle-orm'
import { Webhook } from 'standardwebhooks'
import { z } from 'zod'
import { NOT_HALTED } from '../../delivery/ledger/conditions.ts'
import { passRestoreGuard } from '../../delivery/ledger/restore-guard.ts'
import { postGuarded, TargetRefused } from '../../lib/guarded-request.ts'
import { bigint, bool, moment, number, query, queryColumn, text } from '../../runtime/db/query.ts'
import type { Services } from '../../runtime/services.ts'

const MINUTE = 60
const HOUR = 60 * MINUTE
/** Seconds after each failed attempt, as Standard Webhooks recommends: ten attempts in 72 hours. Then the endpoint is disabled. */
const RETRY_SECONDS = [5, 5 * MINUTE, 30 * MINUTE, 2 * HOUR, 5 * HOUR, 10 * HOUR, 14 * HOUR, 20 * HOUR, 20 * HOUR]
/** Each wait is up to this share longer or shorter, so that an endpoint that comes back is not hit at once. */
const JITTER = 0.1

const TIMEOUT_MS = 10_000
/** Longer than an attempt takes: after it, the worker that claimed a message has died. */
const LEASE_SECONDS = 60
/** Endpoints at once, and messages of each. */
const ENDPOINTS_AT_ONCE = 10
const PER_ENDPOINT = 5
/** A run claims nothing more after this, so that endpoints with new messages wait for the next run no longer. */
const RUN_MS = 10_000

type Deps = Pick<Services, 'db' | 'config' | 'now' | 'log' | 'restoreMarkers'>

const Claimed = z.object({
  id: bigint,
  event: text,
  occurredAt: moment,
  data: z.record(z.string(), z.unknown()),
  attempts: number,
  dueAt: moment,
  url: text,
  secret: text,
  previousSecret: text.nullable(),
  address: text.nullable(),
  includeAddresses: bool,
})
type Claimed = z.output<typeof Claimed>

interface Result {
  status: number | null
  failure: string | null
}

/**
 * Sends due messages to their endpoints, of which none waits for another. A crash repeats a message, with the same id.
 * Sends nothing while sending is halted: a restored copy would report its changes to the receivers of the original.
 * @returns how many were sent and how many failed
 */
export async function sendWebhooks(deps: Deps, stopping?: AbortSignal): Promise<{ sent: number; failed: number }> {
  const counts = { sent: 0, failed: 0 }
  const begun = performance.now()
  const due = await endpointsDue(deps)
  if (due.length === 0 || !(await passRestoreGuard(deps))) return counts
  const endpoints = due.values()
  const sendInTurn = async () => {
    for (const endpointId of endpoints) {
      let answers = true
      while (answers && !stopping?.aborted && performance.now() - begun < RUN_MS) {
        const results = await Promise.all((await claim(deps, endpointId)).map((message) => send(deps, message)))
        for (const { failure } of results) counts[failure === null ? 'sent' : 'failed']++
        // Without an answer, further messages would each wait as long.
        answers = results.length > 0 && results.every(({ status }) => status !== null)
      }
    }
  }
  await Promise.all(Array.from({ length: ENDPOINTS_AT_ONCE }, sendInTurn))
  return counts
}

/** Endpoints with due messages, those that waited longest first. */
const endpointsDue = ({ db, now }: Deps): Promise<number[]> => queryColumn(db, bigint)`
  SELECT m.endpoint_id FROM webhook_messages m JOIN webhook_endpoints e ON e.id = m.endpoint_id AND e.disabled_at IS NULL
  WHERE m.state = 'waiting' AND m.due_at <= ${now()} GROUP BY m.endpoint_id ORDER BY min(m.due_at), min(m.id)`

/** Claims due messages of an endpoint: until the lease ends, no other worker sends them. The lease is the next due time. */
async function claim({ db, now }: Deps, endpointId: number): Promise<Claimed[]> {
  const at = now()
  const until = new Date(at.getTime() + LEASE_SECONDS * 1000)
  return query(db, Claimed)`
    WITH due AS (
      SELECT id FROM webhook_messages
      WHERE endpoint_id = ${endpointId} AND state = 'waiting' AND due_at <= ${at} AND ${NOT_HALTED}
      ORDER BY id LIMIT ${PER_ENDPOINT}
      FOR UPDATE SKIP LOCKED
    )
    UPDATE webhook_messages m SET due_at = ${until}, attempted_at = ${at}, attempts = m.attempts + 1
    FROM due, webhook_endpoints e
    WHERE m.id = due.id AND e.id = m.endpoint_id AND e.disabled_at IS NULL
    RETURNING m.id, m.event, m.occurred_at, m.data, m.attempts, m.due_at, e.url, e.secret, e.include_addresses,
      CASE WHEN e.previous_until > ${at} THEN e.previous_secret END AS previous_secret,
      (SELECT s.email FROM subscribers s WHERE s.id = m.subscriber_id AND e.include_addresses) AS address`
}

async function send(deps: Deps, message: Claimed): Promise<Result> {
  const result = await attempt(deps, message)
  await record(deps, message, result)
  return result
}

/** Sends one message. The outcome is words without addresses: a failure is shown and stored. */
async function attempt({ config, now }: Deps, message: Claimed): Promise<Result> {
  const { headers, body } = signedRequest(message, now())
  const url = new URL(message.url)
  const allowPrivate = config.WEBHOOKS_TO_PRIVATE_NETWORKS
  if (config.NODE_ENV === 'production' && url.protocol !== 'https:') return { status: null, failure: 'not https' }
  try {
    const status = await postGuarded(url, { headers, body, timeoutMs: TIMEOUT_MS, allowPrivate })
    return { status, failure: status >= 200 && status < 300 ? null : `answered ${status}` }
  } catch (error) {
    const { name, code } = error as { name: string; code?: string }
    if (error instanceof TargetRefused) return { status: null, failure: error.message }
    return {
      status: null,
      failure: name === 'AbortError' || name === 'TimeoutError' ? 'no answer in 10 s' : (code ?? 'no connection'),
    }
  }
}

/** Returns a message as Standard Webhooks define it. The id is the same in every attempt, the signature has the attempt's time. */
function signedRequest(message: Omit<Claimed, 'attempts' | 'dueAt' | 'url'>, at: Date) {
  const { id, event, occurredAt, data, address, includeAddresses, secret, previousSecret } = message
  const reader = data.reader as object | undefined
  const content = reader && includeAddresses ? { ...data, reader: { ...reader, email: address } } : data
  const body = JSON.stringify({ type: event, timestamp: occurredAt.toISOString(), data: content })
  const name = `msg_${id}`
  const secrets = [secret, ...(previousSecret?.split(' ') ?? [])]
  const signatures = secrets.map((each) => new Webhook(each).sign(name, at, body))
  return {
    body,
    headers: {
      'content-type': 'application/json',
      'user-agent': 'Paperboy webhooks',
      'webhook-id': name,
      'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
      'webhook-signature': signatures.join(' '),
    },
  }
}

/** Records an attempt's outcome. Another worker may have taken the message since: then its outcome counts. */
async function record({ db, now }: Deps, message: Claimed, { status, failure }: Result): Promise<void> {
  const waitSeconds = RETRY_SECONDS[message.attempts - 1]
  // 410 means that the endpoint wants nothing any more.
  const givesUp = failure !== null && (status === 410 || waitSeconds === undefined)
  const state = failure === null ? 'sent' : givesUp ? 'failed' : 'waiting'
  const jitter = 1 + (randomInt(-1000, 1001) / 1000) * JITTER
  const dueAt = new Date(now().getTime() + (waitSeconds ?? 0) * 1000 * jitter)
  const why = status === 410 ? 'it answered 410 Gone' : `a message failed ${message.attempts} times: ${failure}`
  await db.execute(sql`
    WITH recorded AS (
      UPDATE webhook_messages SET state = ${state}, status = ${status}, failure = ${failure}, due_at = ${dueAt}
      WHERE id = ${message.id} AND state = 'waiting' AND due_at = ${message.dueAt} RETURNING endpoint_id
    )
    UPDATE webhook_endpoints e SET disabled_at = ${now()}, disabled_why = ${why}
    FROM recorded WHERE ${givesUp} AND e.id = recorded.endpoint_id AND e.disabled_at IS NULL`)
}
