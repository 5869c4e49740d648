import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import { sql } from 'drizzle-orm'
import { z } from 'zod'
import { dayOf } from '../calendar/days.ts'
import { PaperboyError } from '../lib/errors.ts'
import { bigint, bytes, moment, number, query, queryColumn, text } from '../runtime/db/query.ts'
import type { Services } from '../runtime/services.ts'

/** What a key allows: to read what has no reader's data, to change editions, to read and change readers. */
export const SCOPES = ['read', 'editions', 'readers'] as const
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
}

/** A key as a list shows it, without its secret. */
export interface ListedApiKey extends ApiKey {
  hint: string
  createdAt: Date
  createdBy: string
  expiresAt: Date | null
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
}

type Deps = Pick<Services, 'db' | 'now'>

const hashOf = (key: string): Buffer => createHash('sha256').update(key).digest()

/** Creates a key. Returns its secret, which is stored only as a hash and cannot be shown again. */
export async function createApiKey({ db, now }: Deps, wanted: NewApiKey): Promise<{ id: number; key: string }> {
  const key = PREFIX + randomBytes(SECRET_BYTES).toString('base64url')
  const at = now()
  const expiresAt = wanted.days === undefined ? null : new Date(at.getTime() + wanted.days * 86_400_000)
  const [id] = await queryColumn(db, bigint)`
    INSERT INTO api_keys (name, secret_hash, hint, scopes, per_minute, created_at, created_by, expires_at)
    VALUES (${wanted.name}, ${hashOf(key)}, ${key.slice(0, HINT_CHARACTERS)}, ${sql.param([...new Set(wanted.scopes)])}::text[],
      ${wanted.perMinute ?? DEFAULT_PER_MINUTE}, ${at}, ${wanted.createdBy}, ${expiresAt})
    RETURNING id`
  return { id: id!, key }
}

const KEY = { id: bigint, name: text, scopes: z.array(z.enum(SCOPES)), perMinute: number }

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
      SELECT id, name, scopes, per_minute, secret_hash, last_used_on::text FROM api_keys
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
    ...{ hint: text, createdAt: moment, createdBy: text, expiresAt: moment.nullable() },
    ...{ lastUsedOn: text.nullable(), revokedAt: moment.nullable() },
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

/** Revokes a key at once and for good. @throws PaperboyError NOT_FOUND when no such key is active */
export async function revokeApiKey({ db, now }: Deps, id: number): Promise<void> {
  const [revoked] = await queryColumn(db, bigint)`
    UPDATE api_keys SET revoked_at = ${now()} WHERE id = ${id} AND revoked_at IS NULL RETURNING id`
  if (revoked === undefined) throw new PaperboyError('NOT_FOUND', `No API key ${id} can be revoked.`)
}
