import { sql } from 'drizzle-orm'
import type { Db } from '../../runtime/db/database.ts'
import { executePrepared } from '../../runtime/db/prepared.ts'
import type { Services } from '../../runtime/services.ts'
import type { Proof } from './proof.ts'

export const WINDOW_MINUTES = 10
const WINDOW_MS = WINDOW_MINUTES * 60_000
/** A surge is over when there was none for this long. */
const SURGE_WINDOWS = 3
/** What is usual is the day before's mean. */
const USUAL_HOURS = 24
const USUAL_WINDOWS = (USUAL_HOURS * 60) / WINDOW_MINUTES
/** How many times the usual is a surge, where that is more than the setting. */
const SURGE_FACTOR = 5

/** What one doubt adds to a sign-up's weight of 1. */
const WEIGHT_OF_A_DOUBT = 2

export interface SignUp {
  /** of the network it came from */
  networkKey: string
  /** receiving domain */
  domain: string
  proof: Proof | undefined
  /** other doubts about it; a proof that is missing or spent is one more */
  doubts: number
  /** whether a field that only scripts see was filled in */
  trapped: boolean
}

interface Level {
  /** weight of this window, this sign-up among it; 0 where its network had too many already */
  count: number
  /** most of any of the last windows */
  most: number
  /** how much a window may have */
  limit: number
}

export interface Counted {
  /** weight of this network's window */
  network: number
  doubtful: boolean
  domain: Level
  all: Level
}

/**
 * Counts a sign-up for its network and, where that has not had too many, for its domain and for all. One statement, and the same
 * for every address. A row is locked for no longer than that, always in the order proof, network, all, domain; nor does the row of
 * all wait for the disk, which would let through one sign-up a write: a crash of the database forgets half a second of counts.
 */
export async function countSignUp(
  { db, config, now }: Pick<Services, 'db' | 'config' | 'now'>,
  signUp: SignUp,
): Promise<Counted> {
  const { networkKey, domain, proof, doubts, trapped } = signUp
  const window = windowOf(now())
  const { rows } = await executePrepared<{
    scope: string
    count: number
    most: number
    usual: number
    weight: number
    network: number
  }>(
    db,
    sql`
    WITH loosely AS MATERIALIZED (
      SELECT set_config('synchronous_commit', 'off', true)
    ), spent AS (
      INSERT INTO sign_up_counts AS c (scope, key, since, count)
      SELECT 'proof', ${proof?.id ?? ''}, ${proof?.issuedAt ?? window}::timestamptz, 1 FROM loosely WHERE ${proof !== undefined}
      ON CONFLICT (scope, key, since) DO UPDATE SET count = c.count + 1
      RETURNING count
    ), this AS (
      SELECT 1 + ${WEIGHT_OF_A_DOUBT}::int * (${doubts}::int + (coalesce((SELECT count FROM spent), 2) > 1)::int) AS weight
      FROM loosely
    ), network AS (
      INSERT INTO sign_up_counts AS c (scope, key, since, count)
      SELECT 'network', ${networkKey}, ${window}::timestamptz, weight FROM this
      ON CONFLICT (scope, key, since) DO UPDATE SET count = c.count + excluded.count
      RETURNING count
    ), counted AS (
      INSERT INTO sign_up_counts AS c (scope, key, since, count)
      SELECT scope, key, ${window}::timestamptz, CASE scope WHEN 'trapped' THEN 1 ELSE weight END
      FROM this, network, (VALUES ('all', ''), ('domain', ${domain}), ('trapped', '')) AS v (scope, key)
      WHERE network.count <= ${config.SIGN_UPS_PER_NETWORK} AND (scope <> 'trapped' OR ${trapped})
      ON CONFLICT (scope, key, since) DO UPDATE SET count = c.count + excluded.count
      RETURNING scope, count
    )
    SELECT v.scope, coalesce(counted.count, 0) AS count, this.weight, network.count AS network, before.most, before.usual
    FROM this, network, (VALUES ('all', ''), ('domain', ${domain})) AS v (scope, key)
      LEFT JOIN counted ON counted.scope = v.scope
      CROSS JOIN LATERAL (${before(window, sql`v.scope`, sql`v.key`)}) AS before`,
  )
  const level = (scope: 'all' | 'domain', setting: number): Level => {
    const { count, most, usual } = rows.find((row) => row.scope === scope)!
    return { count, most: Math.max(count, most), limit: limitOf(setting, usual) }
  }
  return {
    network: rows[0]!.network,
    doubtful: rows[0]!.weight > 1,
    domain: level('domain', config.SIGN_UPS_PER_DOMAIN),
    all: level('all', config.SIGN_UPS_IN_ALL),
  }
}

export interface Surge {
  /** receiving domain, or undefined for all together */
  domain: string | undefined
  /** weight of the strongest of the last windows */
  count: number
  limit: number
}

/** What is going on: domains, and all together, that had more than they may have within the last half hour. */
export async function listSurges(
  { db, config, now }: Pick<Services, 'db' | 'config' | 'now'>,
  only?: 'all',
): Promise<Surge[]> {
  const window = windowOf(now())
  const least = Math.min(config.SIGN_UPS_PER_DOMAIN, config.SIGN_UPS_IN_ALL)
  const { rows } = await db.execute<{ scope: 'all' | 'domain'; key: string; most: number; usual: number }>(sql`
    SELECT v.scope, v.key, before.most, before.usual
    FROM (SELECT DISTINCT scope, key FROM sign_up_counts
          WHERE scope IN ('all', ${only ?? 'domain'}) AND since > ${daysAgo(window, 0, SURGE_WINDOWS)}::timestamptz
            AND count > ${least}) AS v
      CROSS JOIN LATERAL (${before(window, sql`v.scope`, sql`v.key`)}) AS before
    ORDER BY before.most DESC LIMIT 20`)
  return rows
    .map(({ scope, key, most, usual }) => {
      const limit = limitOf(scope === 'all' ? config.SIGN_UPS_IN_ALL : config.SIGN_UPS_PER_DOMAIN, usual)
      return { domain: scope === 'all' ? undefined : key, count: most, limit }
    })
    .filter(({ count, limit }) => count > limit)
}

/** How many fell into the trap within the last day. */
export async function countTrapped({ db, now }: Pick<Services, 'db' | 'now'>): Promise<number> {
  const { rows } = await db.execute<{ count: number }>(sql`
    SELECT coalesce(sum(count), 0)::int AS count FROM sign_up_counts
    WHERE scope = 'trapped' AND since > ${now()}::timestamptz - interval '1 day'`)
  return rows[0]!.count
}

/** Forgets windows and proofs of more than a day ago. */
export const sweepCounts = async (db: Db, at: Date): Promise<void> => {
  await db.execute(sql`DELETE FROM sign_up_counts WHERE since < ${at}::timestamptz - interval '25 hours'`)
}

/** The strongest of the windows that a surge lasts, and the mean of the day before them. */
const before = (window: Date, scope: ReturnType<typeof sql>, key: ReturnType<typeof sql>) => sql`
  SELECT coalesce(max(count) FILTER (WHERE since > ${daysAgo(window, 0, SURGE_WINDOWS)}::timestamptz), 0) AS most,
    coalesce(sum(count) FILTER (WHERE since <= ${daysAgo(window, 0, SURGE_WINDOWS)}::timestamptz), 0)::float / ${USUAL_WINDOWS} AS usual
  FROM sign_up_counts b
  WHERE b.scope = ${scope} AND b.key = ${key} AND b.since > ${daysAgo(window, 1, SURGE_WINDOWS)}::timestamptz`

const limitOf = (setting: number, usual: number): number => Math.max(setting, SURGE_FACTOR * usual)
const windowOf = (at: Date): Date => new Date(Math.floor(at.getTime() / WINDOW_MS) * WINDOW_MS)
const daysAgo = (window: Date, days: number, windows: number): Date =>
  new Date(window.getTime() - days * USUAL_HOURS * 3_600_000 - windows * WINDOW_MS)
