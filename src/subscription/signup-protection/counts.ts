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
  /** keys of the networks it came from, the narrowest first, with the weight that each may have in a window */
  networks: { key: string; limit: number }[]
  /** receiving domain */
  domain: string
  proof: Proof | undefined
  /** other doubts about it; a proof that is missing or spent is one more */
  doubts: number
  /** whether a field that only scripts see was filled in */
  trapped: boolean
}

interface Level {
  /** weight of what was admitted in this window, this sign-up included */
  count: number
  /** how much a window may have before emails wait */
  limit: number
}

/** How full the domain's and the whole window are, or undefined for a sign-up that is turned away. */
export type DomainLimits = { domain: Level; all: Level } | undefined

/**
 * Admits a sign-up and counts it, or turns it away and counts nothing but that. What is turned away uses up no network's, no
 * domain's and no common limit.
 *
 * A sign-up is turned away when one of its networks would get over its limit, or when it is doubtful and the domain or all
 * together are over theirs, in this window with it or in one of the last.
 *
 * One statement, and the same for every address. Rows are locked for no longer than that, always in the order proof, widest network
 * to narrowest, all, domain. The row of all never waits for the disk, which would let through one sign-up a write: a crash of the
 * database forgets half a second of counts. Networks are counted exactly. Doubtful sign-ups that come at the same moment may get a
 * domain over its limit by as many.
 */
export async function countSignUp(
  { db, config, now }: Pick<Services, 'db' | 'config' | 'now'>,
  signUp: SignUp,
): Promise<DomainLimits> {
  const { networks, domain, proof, doubts, trapped } = signUp
  const window = windowOf(now())
  const { rows } = await executePrepared<{ scope: 'all' | 'domain'; count: number; limit: number }>(
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
    ), networks AS (
      SELECT key, "limit", place
      FROM unnest(${sql.param(networks.map(({ key }) => key))}::text[], ${sql.param(networks.map(({ limit }) => limit))}::int[])
        WITH ORDINALITY AS n (key, "limit", place)
    ), levels AS MATERIALIZED (
      SELECT v.scope, v.key, v.place, before.this, before.most, greatest(v.setting, ${SURGE_FACTOR}::int * before.usual) AS "limit"
      FROM (VALUES (1, 'all', '', ${config.SIGN_UPS_IN_ALL}::int), (2, 'domain', ${domain}, ${config.SIGN_UPS_PER_DOMAIN}::int))
          AS v (place, scope, key, setting)
        CROSS JOIN LATERAL (${before(window, sql`v.scope`, sql`v.key`)}) AS before
    ), fitting AS MATERIALIZED (
      SELECT weight FROM this
      WHERE NOT EXISTS (
          SELECT FROM networks n LEFT JOIN sign_up_counts c ON c.scope = 'network' AND c.key = n.key AND c.since = ${window}::timestamptz
          WHERE coalesce(c.count, 0) + weight > n."limit")
        AND (weight = 1 OR NOT EXISTS (SELECT FROM levels WHERE greatest(most, this + weight) > "limit"))
    ), network AS (
      INSERT INTO sign_up_counts AS c (scope, key, since, count)
      SELECT 'network', key, ${window}::timestamptz, weight FROM fitting, networks ORDER BY place DESC
      ON CONFLICT (scope, key, since) DO UPDATE SET count = c.count + excluded.count
      -- Checked again under the row's lock, since others came meanwhile.
      WHERE c.count + excluded.count <= (SELECT "limit" FROM networks n WHERE n.key = c.key)
      RETURNING 1
    ), admitted AS MATERIALIZED (
      SELECT weight FROM fitting WHERE (SELECT count(*) FROM network) = (SELECT count(*) FROM networks)
    ), counted AS (
      INSERT INTO sign_up_counts AS c (scope, key, since, count)
      SELECT scope, key, ${window}::timestamptz, weight FROM (
        SELECT place, scope, key, weight FROM admitted, levels WHERE NOT ${trapped}
        UNION ALL SELECT 3, 'trapped', '', 1 FROM admitted WHERE ${trapped}
        UNION ALL SELECT 3, 'refused', '', 1 WHERE NOT EXISTS (SELECT FROM admitted)) AS v
      ORDER BY place
      ON CONFLICT (scope, key, since) DO UPDATE SET count = c.count + excluded.count
      RETURNING scope, count
    )
    SELECT scope, coalesce(counted.count, levels.this)::int AS count, "limit"
    FROM admitted, levels LEFT JOIN counted USING (scope)`,
  )
  const level = (scope: 'all' | 'domain') => rows.find((row) => row.scope === scope)
  const [ofDomain, ofAll] = [level('domain'), level('all')]
  return ofDomain && ofAll && { domain: ofDomain, all: ofAll }
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

/** Counts what got no email within the last day: sign-ups turned away, and those that fell into the trap. */
export async function countUnserved({
  db,
  now,
}: Pick<Services, 'db' | 'now'>): Promise<{ refused: number; trapped: number }> {
  const { rows } = await db.execute<{ refused: number; trapped: number }>(sql`
    SELECT coalesce(sum(count) FILTER (WHERE scope = 'refused'), 0)::int AS refused,
      coalesce(sum(count) FILTER (WHERE scope = 'trapped'), 0)::int AS trapped
    FROM sign_up_counts WHERE scope IN ('refused', 'trapped') AND since > ${now()}::timestamptz - interval '1 day'`)
  return rows[0]!
}

/** Forgets windows and proofs of more than a day ago. */
export const sweepCounts = async (db: Db, at: Date): Promise<void> => {
  await db.execute(sql`DELETE FROM sign_up_counts WHERE since < ${at}::timestamptz - interval '25 hours'`)
}

/** This window's weight, the most of the windows that a surge lasts, and the mean of the day before them. */
const before = (window: Date, scope: ReturnType<typeof sql>, key: ReturnType<typeof sql>) => sql`
  SELECT coalesce(max(count) FILTER (WHERE since = ${window}::timestamptz), 0) AS this,
    coalesce(max(count) FILTER (WHERE since > ${daysAgo(window, 0, SURGE_WINDOWS)}::timestamptz), 0) AS most,
    coalesce(sum(count) FILTER (WHERE since <= ${daysAgo(window, 0, SURGE_WINDOWS)}::timestamptz), 0)::float / ${USUAL_WINDOWS} AS usual
  FROM sign_up_counts b
  WHERE b.scope = ${scope} AND b.key = ${key} AND b.since > ${daysAgo(window, 1, SURGE_WINDOWS)}::timestamptz`

const limitOf = (setting: number, usual: number): number => Math.max(setting, SURGE_FACTOR * usual)
const windowOf = (at: Date): Date => new Date(Math.floor(at.getTime() / WINDOW_MS) * WINDOW_MS)
const daysAgo = (window: Date, days: number, windows: number): Date =>
  new Date(window.getTime() - days * USUAL_HOURS * 3_600_000 - windows * WINDOW_MS)
