import { type SQL, sql } from 'drizzle-orm'
import { PaperboyError } from '../lib/errors.ts'
import { bytes, number, query, text } from '../runtime/db/query.ts'
import type { Services } from '../runtime/services.ts'

/** As long as a client may repeat a request. */
const KEPT_HOURS = 24
/** A request renews its hold on the key this often while it runs. */
export const RENEWED_SECONDS = 20
/** Without a renewal for this long, the process that ran the first one has died. */
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

/** Holds a request's key for longer. Returns since when it holds it now. */
export async function renewRequest({ db, now }: Deps, request: NamedRequest & { since: Date }): Promise<Date> {
  const at = now()
  const { rowCount } = await db.execute(
    sql`UPDATE idempotent_requests SET started_at = ${at} WHERE ${ownedBy(request)} AND status IS NULL`,
  )
  return rowCount === 1 ? at : request.since
}

/** SQL: the row of a request, which another process may have taken since. */
const ownedBy = ({ apiKeyId, key, since }: NamedRequest & { since: Date }): SQL =>
  sql`api_key_id = ${apiKeyId} AND key = ${key} AND started_at = ${since}`

/** Stores the response of a request. After a server error, or when it came too early, nothing is stored: the client may try again. */
export async function storeResponse(
  { db }: Pick<Deps, 'db'>,
  request: NamedRequest & { since: Date },
  { status, body }: { status: number; body: string },
): Promise<void> {
  const own = ownedBy(request)
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
