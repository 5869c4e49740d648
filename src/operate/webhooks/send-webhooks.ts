import { randomInt } from 'node:crypto'
import { sql } from 'drizzle-orm'
import { Webhook } from 'standardwebhooks'
import { z } from 'zod'
import { postGuarded, TargetRefused } from '../../lib/guarded-request.ts'
import { bigint, bool, moment, number, query, text } from '../../runtime/db/query.ts'
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
const AT_ONCE = 10
/** Messages of one endpoint in a round, so that a slow one leaves room for the others. */
const PER_ENDPOINT = 5
const MOST_ROUNDS = 50

type Deps = Pick<Services, 'db' | 'config' | 'now'>

const Claimed = z.object({
  id: bigint,
  endpointId: bigint,
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

/** Sends due messages to their endpoints. A crash repeats a message, with the same id. @returns how many were sent and how many failed */
export async function sendWebhooks(deps: Deps, stopping?: AbortSignal): Promise<{ sent: number; failed: number }> {
  const counts = { sent: 0, failed: 0 }
  for (let round = 0; round < MOST_ROUNDS && !stopping?.aborted; round++) {
    const claimed = await claim(deps)
    if (claimed.length === 0) break
    await Promise.all(
      claimed.map(async (message) => {
        const result = await attempt(deps, message)
        await record(deps, message, result)
        counts[result.failure === null ? 'sent' : 'failed']++
      }),
    )
  }
  return counts
}

/** Claims due messages: until the lease ends, no other worker sends them. The lease is the next due time. */
async function claim({ db, now }: Deps): Promise<Claimed[]> {
  const at = now()
  const until = new Date(at.getTime() + LEASE_SECONDS * 1000)
  return query(db, Claimed)`
    WITH due AS (
      SELECT m.id FROM webhook_endpoints e CROSS JOIN LATERAL (
        SELECT id, due_at FROM webhook_messages m
        WHERE m.endpoint_id = e.id AND m.state = 'waiting' AND m.due_at <= ${at} ORDER BY m.id LIMIT ${PER_ENDPOINT}
        FOR UPDATE SKIP LOCKED
      ) m WHERE e.disabled_at IS NULL ORDER BY m.due_at LIMIT ${AT_ONCE}
    )
    UPDATE webhook_messages m SET due_at = ${until}, attempted_at = ${at}, attempts = m.attempts + 1
    FROM due, webhook_endpoints e
    WHERE m.id = due.id AND e.id = m.endpoint_id
    RETURNING m.id, m.endpoint_id, m.event, m.occurred_at, m.data, m.attempts, m.due_at, e.url, e.secret, e.include_addresses,
      CASE WHEN e.previous_until > ${at} THEN e.previous_secret END AS previous_secret,
      (SELECT s.email FROM subscribers s WHERE s.id = m.subscriber_id AND e.include_addresses) AS address`
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
function signedRequest(message: Omit<Claimed, 'endpointId' | 'attempts' | 'dueAt' | 'url'>, at: Date) {
  const { id, event, occurredAt, data, address, includeAddresses, secret, previousSecret } = message
  const reader = data.reader as object | undefined
  const content = reader && includeAddresses ? { ...data, reader: { ...reader, email: address } } : data
  const body = JSON.stringify({ type: event, timestamp: occurredAt.toISOString(), data: content })
  const name = `msg_${id}`
  const signatures = [secret, previousSecret].flatMap((each) => (each ? new Webhook(each).sign(name, at, body) : []))
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
