import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import { sql } from 'drizzle-orm'
import { z } from 'zod'
import { dayOf } from '../calendar/days.ts'
import { DOUBLE_CLICK_SECONDS } from '../lib/double-click.ts'
import { PaperboyError } from '../lib/errors.ts'
import type { Db } from '../runtime/db/database.ts'
import { bigint, bytes, moment, number, query, queryColumn, text } from '../runtime/db/query.ts'
import type { Services } from '../runtime/services.ts'

/** What a key allows: to read what has no reader's data, to change editions, to read and change readers, to manage access. */
export const SCOPES = ['read', 'editions', 'readers', 'admin'] as const
export type Scope = (typeof SCOPES)[number]

/** Marks our keys, so that people and secret scanners recognise one that leaked. */
const PREFIX = 'paperboy_'
const SECRET_BYTES = 24
const FORM = /^paperboy_[A-Za-z0-9_-]{32}$/
/** Characters of a key that the list shows: the prefix and four more. The other 168 bits stay secret. */
const HINT_CHARACTERS = PREFIX.length + 4

export const DEFAULT_PER_MINUTE = 600
export const DEFAULT_DAYS = 365

/** A key that authenticated a request. */
export interface ApiKey {
  id: number
  name: string
  scopes: Scope[]
  perMinute: number
  expiresAt: Date | null
}

/** A key as a list shows it, without its secret. */
export interface ListedApiKey extends ApiKey {
  hint: string
  createdAt: Date
  createdBy: string
  /** a day */
  lastUsedOn: string | null
  revokedAt: Date | null
  state: 'active' | 'expired' | 'revoked'
}

export interface NewApiKey {
  name: string
  scopes: readonly Scope[]
  /** days until it expires; undefined for never */
  days: number | undefined
  perMinute?: number
  createdBy: string
  /** the key that asks for it. The new one has at most its scopes, its rate and its time, and is revoked with it */
  madeBy?: ApiKey
}

type Deps = Pick<Services, 'db' | 'now'>

const hashOf = (key: string): Buffer => createHash('sha256').update(key).digest()

/** Making and revoking keys take turns, so that no key is made while the one that makes it is revoked. */
const takeTurns = (db: Db) => db.execute(sql`SELECT pg_advisory_xact_lock(hashtext('paperboy api keys'))`)

/**
 * Creates a key. Returns its secret, which is stored only as a hash and cannot be shown again.
 * @throws PaperboyError KEY_LACKS_SCOPE when `madeBy` lacks a scope, BAD_KEY when it was revoked just now
 */
export async function createApiKey({ db, now }: Deps, wanted: NewApiKey): Promise<{ id: number; key: string }> {
  const { madeBy, scopes, days } = wanted
  const lacking = madeBy ? scopes.filter((scope) => !madeBy.scopes.includes(scope)) : []
  if (lacking.length > 0)
    throw new PaperboyError('KEY_LACKS_SCOPE', `A key gives only scopes that it has itself, not ${lacking.join(', ')}.`)
  const key = PREFIX + randomBytes(SECRET_BYTES).toString('base64url')
  const at = now()
  const ends = [days === undefined ? null : new Date(at.getTime() + days * 86_400_000), madeBy?.expiresAt ?? null]
  const perMinute = Math.min(wanted.perMinute ?? DEFAULT_PER_MINUTE, madeBy?.perMinute ?? Number.POSITIVE_INFINITY)
  return db.transaction(async (tx) => {
    await takeTurns(tx)
    const [id] = await queryColumn(tx, bigint)`
      INSERT INTO api_keys (name, secret_hash, hint, scopes, per_minute, created_at, created_by, expires_at, made_by)
      SELECT ${wanted.name}, ${hashOf(key)}, ${key.slice(0, HINT_CHARACTERS)}, ${sql.param([...new Set(scopes)])}::text[],
        ${perMinute}::int, ${at}::timestamptz, ${wanted.createdBy}, least(${ends[0]}::timestamptz, ${ends[1]}::timestamptz), ${madeBy?.id ?? null}::bigint
      WHERE ${madeBy === undefined} OR EXISTS (SELECT FROM api_keys WHERE id = ${madeBy?.id ?? null} AND revoked_at IS NULL)
      RETURNING id`
    if (id === undefined) throw new PaperboyError('BAD_KEY', 'This API key was revoked just now.')
    return { id, key }
  })
}

/**
 * Creates a key for a form, whose button may be clicked twice: an unused key of the same name, scopes and person is replaced, since a
 * browser shows the second answer only.
 * @returns `isFirst`: false when a key was replaced
 */
export const createApiKeyOnce = (
  deps: Deps,
  wanted: Omit<NewApiKey, 'madeBy'>,
): Promise<{ key: string; isFirst: boolean }> =>
  deps.db.transaction(async (db) => {
    await takeTurns(db)
    const since = new Date(deps.now().getTime() - DOUBLE_CLICK_SECONDS * 1000)
    const replaced = await queryColumn(db, bigint)`
      DELETE FROM api_keys WHERE name = ${wanted.name} AND scopes = ${sql.param([...new Set(wanted.scopes)])}::text[]
        AND created_by = ${wanted.createdBy} AND created_at > ${since} AND last_used_on IS NULL AND revoked_at IS NULL AND made_by IS NULL
      RETURNING id`
    const { key } = await createApiKey({ ...deps, db }, wanted)
    return { key, isFirst: replaced.length === 0 }
  })

const KEY = { id: bigint, name: text, scopes: z.array(z.enum(SCOPES)), perMinute: number, expiresAt: moment.nullable() }

/**
 * Returns the key that a request sent, and records the day of its last use.
 * @throws PaperboyError BAD_KEY when it is unknown, expired or revoked
 */
export async function findApiKey({ db, now }: Deps, sent: string): Promise<ApiKey> {
  const at = now()
  const hash = hashOf(sent)
  const columns = { ...KEY, secretHash: bytes, lastUsedOn: text.nullable() }
  const [found] = FORM.test(sent)
    ? await query(db, columns)`
      SELECT id, name, scopes, per_minute, expires_at, secret_hash, last_used_on::text FROM api_keys
      WHERE secret_hash = ${hash} AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > ${at})`
    : []
  // The index compares hashes, so its timing reveals nothing about a key. This also holds if the lookup changes.
  if (!found || !timingSafeEqual(found.secretHash, hash))
    throw new PaperboyError('BAD_KEY', 'This API key is unknown, expired or revoked.')
  const { secretHash: _, lastUsedOn, ...key } = found
  const today = dayOf(at)
  if (lastUsedOn !== today) await db.execute(sql`UPDATE api_keys SET last_used_on = ${today} WHERE id = ${key.id}`)
  return key
}

/** Lists all keys, newest first. */
export async function listApiKeys({ db, now }: Deps): Promise<ListedApiKey[]> {
  const columns = {
    ...KEY,
    ...{ hint: text, createdAt: moment, createdBy: text, lastUsedOn: text.nullable(), revokedAt: moment.nullable() },
  }
  const rows = await query(db, columns)`
    SELECT id, name, scopes, per_minute, hint, created_at, created_by, expires_at, last_used_on::text, revoked_at
    FROM api_keys ORDER BY id DESC`
  const at = now()
  return rows.map((row) => ({
    ...row,
    state: row.revokedAt ? 'revoked' : row.expiresAt && row.expiresAt <= at ? 'expired' : 'active',
  }))
}

/** Revokes a key at once and for good, with the keys that it made. @throws PaperboyError NOT_FOUND when no such key is active */
export const revokeApiKey = ({ db, now }: Deps, id: number): Promise<void> =>
  db.transaction(async (tx) => {
    await takeTurns(tx)
    const revoked = await queryColumn(tx, bigint)`
      WITH RECURSIVE family AS (
        SELECT id FROM api_keys WHERE id = ${id} AND revoked_at IS NULL
        UNION SELECT k.id FROM api_keys k JOIN family f ON k.made_by = f.id
      )
      UPDATE api_keys SET revoked_at = ${now()} WHERE id IN (SELECT id FROM family) AND revoked_at IS NULL RETURNING id`
    if (revoked.length === 0) throw new PaperboyError('NOT_FOUND', `No API key ${id} can be revoked.`)
  })
