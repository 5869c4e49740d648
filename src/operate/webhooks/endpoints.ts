import { randomBytes } from 'node:crypto'
import { sql } from 'drizzle-orm'
import { z } from 'zod'
import { DOUBLE_CLICK_SECONDS } from '../../lib/double-click.ts'
import { PaperboyError } from '../../lib/errors.ts'
import { bigint, bool, moment, number, query, queryColumn, text } from '../../runtime/db/query.ts'
import type { Services } from '../../runtime/services.ts'
import { TEST_EVENT, type WebhookEvent } from './events.ts'

/** After a rotation, receivers have this long to take the new secret. */
const OVERLAP_HOURS = 24
const SECRET_BYTES = 24

type Deps = Pick<Services, 'db' | 'config' | 'now'>

export interface ListedEndpoint {
  id: number
  url: string
  events: string[]
  includeAddresses: boolean
  createdAt: Date
  disabledAt: Date | null
  disabledWhy: string | null
  /** until when earlier secrets sign too */
  previousUntil: Date | null
  /** messages to send, and messages that were given up */
  waiting: number
  failed: number
}

const newSecret = (): string => `whsec_${randomBytes(SECRET_BYTES).toString('base64')}`

/**
 * Adds an endpoint. Returns its secret, which signs what it gets.
 * @throws PaperboyError BAD_WEBHOOK when the URL is not allowed, or no event is chosen
 */
export async function addEndpoint(
  { db, config, now }: Deps,
  wanted: { url: string; events: readonly WebhookEvent[]; includeAddresses: boolean },
): Promise<{ id: number; secret: string }> {
  const url = checkUrl(config, wanted.url)
  if (wanted.events.length === 0) throw new PaperboyError('BAD_WEBHOOK', 'Choose at least one event.')
  const secret = newSecret()
  const [id] = await queryColumn(db, bigint)`
    INSERT INTO webhook_endpoints (url, secret, events, include_addresses, created_at)
    VALUES (${url}, ${secret}, ${sql.param([...new Set(wanted.events)])}::text[], ${wanted.includeAddresses}, ${now()}) RETURNING id`
  return { id: id!, secret }
}

/**
 * Adds an endpoint for a form, whose button may be clicked twice: one that was just added with the same URL and choices is returned.
 * @returns `isFirst`: false for that one
 * @throws PaperboyError BAD_WEBHOOK, as `addEndpoint` does
 */
export const addEndpointOnce = (
  deps: Deps,
  wanted: Parameters<typeof addEndpoint>[1],
): Promise<{ id: number; secret: string; isFirst: boolean }> =>
  deps.db.transaction(async (db) => {
    await db.execute(sql`SELECT pg_advisory_xact_lock(hashtext('paperboy webhook endpoints'))`)
    const since = new Date(deps.now().getTime() - DOUBLE_CLICK_SECONDS * 1000)
    const [known] = await query(db, { id: bigint, secret: text })`
      SELECT id, secret FROM webhook_endpoints
      WHERE url = ${checkUrl(deps.config, wanted.url)} AND events = ${sql.param([...new Set(wanted.events)])}::text[]
        AND include_addresses = ${wanted.includeAddresses} AND created_at > ${since}`
    return known ? { ...known, isFirst: false } : { ...(await addEndpoint({ ...deps, db }, wanted)), isFirst: true }
  })

/** A secret in a URL would be in logs on both sides, so user and password are refused. */
function checkUrl({ NODE_ENV }: Deps['config'], typed: string): string {
  const url = URL.canParse(typed) ? new URL(typed) : undefined
  const schemes = NODE_ENV === 'production' ? ['https:'] : ['https:', 'http:']
  if (!url || !schemes.includes(url.protocol) || url.username || url.password || typed.length > 2_000)
    throw new PaperboyError(
      'BAD_WEBHOOK',
      `The URL must start with ${schemes.map((scheme) => `${scheme}//`).join(' or ')} and have no password.`,
    )
  return url.href
}

/** Lists all endpoints, oldest first. */
export const listEndpoints = ({ db }: Pick<Deps, 'db'>): Promise<ListedEndpoint[]> => {
  const columns = {
    ...{ id: bigint, url: text, events: z.array(text), includeAddresses: bool, createdAt: moment },
    ...{ disabledAt: moment.nullable(), disabledWhy: text.nullable(), previousUntil: moment.nullable() },
    ...{ waiting: number, failed: number },
  }
  return query(db, columns)`
    SELECT e.*, count(m.id) FILTER (WHERE m.state = 'waiting')::int AS waiting, count(m.id) FILTER (WHERE m.state = 'failed')::int AS failed
    FROM webhook_endpoints e LEFT JOIN webhook_messages m ON m.endpoint_id = e.id AND m.state <> 'sent'
    GROUP BY e.id ORDER BY e.id`
}

/** @throws PaperboyError NOT_FOUND when a statement touched no endpoint */
const requireFound = (rows: readonly unknown[], id: number): void => {
  if (rows.length === 0) throw new PaperboyError('NOT_FOUND', `There is no webhook endpoint ${id}.`)
}

/** @throws PaperboyError NOT_FOUND when there is no such endpoint */
export const checkEndpoint = async ({ db }: Pick<Deps, 'db'>, id: number): Promise<void> =>
  requireFound(await queryColumn(db, bigint)`SELECT id FROM webhook_endpoints WHERE id = ${id}`, id)

/** Deletes an endpoint with its messages. @throws PaperboyError NOT_FOUND */
export async function deleteEndpoint({ db }: Pick<Deps, 'db'>, id: number): Promise<void> {
  requireFound(await queryColumn(db, bigint)`DELETE FROM webhook_endpoints WHERE id = ${id} RETURNING id`, id)
}

/** Enables an endpoint again. What waited is sent. @returns whether it was disabled @throws PaperboyError NOT_FOUND */
export async function enableEndpoint({ db }: Pick<Deps, 'db'>, id: number): Promise<boolean> {
  const changed = await queryColumn(db, bool)`
    WITH known AS (
      SELECT id, disabled_at IS NOT NULL AS changes FROM webhook_endpoints WHERE id = ${id} FOR UPDATE
    ), enabled AS (
      UPDATE webhook_endpoints e SET disabled_at = NULL, disabled_why = NULL FROM known WHERE e.id = known.id AND changes
    )
    SELECT changes FROM known`
  requireFound(changed, id)
  return changed[0]!
}

/**
 * Disables an endpoint: it gets nothing, and no events are recorded for it.
 * @returns false when a person had disabled it before
 * @throws PaperboyError NOT_FOUND
 */
export async function disableEndpoint({ db, now }: Pick<Deps, 'db' | 'now'>, id: number): Promise<boolean> {
  const changed = await queryColumn(db, bool)`
    WITH known AS (
      SELECT id, disabled_why IS DISTINCT FROM 'by a person' AS changes FROM webhook_endpoints WHERE id = ${id} FOR UPDATE
    ), disabled AS (
      UPDATE webhook_endpoints e SET disabled_at = coalesce(disabled_at, ${now()}), disabled_why = 'by a person'
      FROM known WHERE e.id = known.id AND changes
    )
    SELECT changes FROM known`
  requireFound(changed, id)
  return changed[0]!
}

/**
 * Makes a new secret. For 24 hours, messages are signed with it and those before: a receiver may have any of them, since one that was
 * shown and lost is replaced at once. Returns the new one.
 * @throws PaperboyError NOT_FOUND
 */
export async function rotateSecret({ db, now }: Pick<Deps, 'db' | 'now'>, id: number): Promise<string> {
  const secret = newSecret()
  const until = new Date(now().getTime() + OVERLAP_HOURS * 3_600_000)
  const rotated = await queryColumn(db, bigint)`
    UPDATE webhook_endpoints
    SET previous_secret = concat_ws(' ', secret, CASE WHEN previous_until > ${now()} THEN previous_secret END),
      previous_until = ${until}, secret = ${secret}
    WHERE id = ${id} RETURNING id`
  requireFound(rotated, id)
  return secret
}

/** Queues a message that tries the endpoint. @throws PaperboyError NOT_FOUND */
export async function queueTest({ db, now }: Pick<Deps, 'db' | 'now'>, id: number): Promise<void> {
  const queued = await queryColumn(db, bigint)`
    INSERT INTO webhook_messages (endpoint_id, event, occurred_at, data)
    SELECT id, ${TEST_EVENT}, ${now()}, '{}' FROM webhook_endpoints WHERE id = ${id} RETURNING id`
  requireFound(queued, id)
}
