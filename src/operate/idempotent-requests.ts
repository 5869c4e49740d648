import { sql } from 'drizzle-orm'
import { PaperboyError } from '../lib/errors.ts'
import { bytes, number, query, text } from '../runtime/db/query.ts'
import type { Services } from '../runtime/services.ts'

/** As long as a client may repeat a request. */
const KEPT_HOURS = 24
/** No request runs this long. After it, the process that ran the first one has died. */
const LOST_SECONDS = 60

/** A request of an API key, under the name that the client gave it. */
export interface NamedRequest {
  apiKeyId: number
  key: string
}

type Deps = Pick<Services, 'db' | 'now'>

/**
 * Claims a key for a request.
 * @param hash of the request; the same key may only repeat the same request
 * @returns when this request claimed it, or the response of the one before
 * @throws PaperboyError REQUEST_DIFFERS | REQUEST_RUNNING
 */
export async function beginRequest(
  { db, now }: Deps,
  { apiKeyId, key }: NamedRequest,
  hash: Buffer,
): Promise<{ since: Date } | { status: number; body: string }> {
  const at = now()
  const before = (seconds: number) => new Date(at.getTime() - seconds * 1000)
  const { rowCount } = await db.execute(sql`
    INSERT INTO idempotent_requests AS r (api_key_id, key, request_hash, started_at)
    VALUES (${apiKeyId}, ${key}, ${hash}, ${at})
    ON CONFLICT (api_key_id, key) DO UPDATE
    SET request_hash = excluded.request_hash, started_at = excluded.started_at, status = NULL, body = NULL
    WHERE r.started_at < ${before(KEPT_HOURS * 3600)}
      OR r.status IS NULL AND r.request_hash = excluded.request_hash AND r.started_at < ${before(LOST_SECONDS)}`)
  if (rowCount === 1) return { since: at }
  const [earlier] = await query(db, { requestHash: bytes, status: number.nullable(), body: text.nullable() })`
    SELECT request_hash, status, body FROM idempotent_requests WHERE api_key_id = ${apiKeyId} AND key = ${key}`
  if (earlier && !earlier.requestHash.equals(hash))
    throw new PaperboyError('REQUEST_DIFFERS', 'This Idempotency-Key was used for another request.')
  // Without a row, the first request failed just now.
  if (!earlier || earlier.status === null)
    throw new PaperboyError('REQUEST_RUNNING', 'The first request with this Idempotency-Key is still running.')
  return { status: earlier.status, body: earlier.body ?? '' }
}

/** Stores the response of a request. After a server error, or when it came too early, nothing is stored: the client may try again. */
export async function storeResponse(
  { db }: Pick<Deps, 'db'>,
  { apiKeyId, key, since }: NamedRequest & { since: Date },
  { status, body }: { status: number; body: string },
): Promise<void> {
  // Another process may have taken the key since.
  const own = sql`api_key_id = ${apiKeyId} AND key = ${key} AND started_at = ${since}`
  await db.execute(
    status >= 500 || status === 429
      ? sql`DELETE FROM idempotent_requests WHERE ${own}`
      : sql`UPDATE idempotent_requests SET status = ${status}, body = ${body} WHERE ${own}`,
  )
}

/** Deletes requests that can no longer be repeated. */
export async function deleteOldRequests({ db, now }: Deps): Promise<void> {
  await db.execute(sql`
    DELETE FROM idempotent_requests WHERE started_at < ${now()}::timestamptz - make_interval(hours => ${KEPT_HOURS})`)
}
