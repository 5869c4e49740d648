import { type SQL, sql } from 'drizzle-orm'
import { z } from 'zod'
import type { Db } from '../../runtime/db/database.ts'
import { number, query, queryOne, text } from '../../runtime/db/query.ts'
import { statement } from '../../runtime/db/statement.ts'
import type { Services } from '../../runtime/services.ts'
import type { ProofOfWork } from './proof-of-work.ts'

export const WINDOW_MINUTES = 10
const WINDOW_MS = WINDOW_MINUTES * 60_000
/** A surge ends after this many windows without one. */
const SURGE_WINDOWS = 3
/** The usual rate is the mean of the day before. */
const USUAL_HOURS = 24
const USUAL_WINDOWS = (USUAL_HOURS * 60) / WINDOW_MINUTES
/** This multiple of the usual rate is a surge, if it exceeds the setting. */
const SURGE_FACTOR = 5

/** Weight that one suspicious sign adds to the 1 of a sign-up. */
const SUSPICION_WEIGHT = 2
/** No sign-up weighs more: one with all four suspicious signs. */
const MOST_WEIGHT = 1 + 4 * SUSPICION_WEIGHT

export interface SignUp {
  /** keys of the networks it came from, narrowest first, each with its limit of weight in a window */
  networks: { key: string; limit: number }[]
  /** receiving domain */
  domain: string
  proof: ProofOfWork | undefined
  /** suspicious signs; a missing or reused proof is one more */
  suspicions: number
  /** whether the honeypot field was filled in */
  trapped: boolean
}

interface Level {
  /** accepted weight in this window, including this sign-up */
  count: number
  /** weight from which on emails are delayed */
  limit: number
}

const Scope = z.enum(['all', 'domain'])

/** The load of the domain and of all sign-ups, or undefined when the sign-up is refused. */
export type Admission = { domain: Level; all: Level } | undefined

/**
 * Accepts and counts a sign-up, or refuses it. A refused sign-up uses up no limit of a network, a domain or all.
 *
 * It is refused when one of its networks would exceed its limit. A suspicious one is also refused when the domain, or
 * all together, exceed theirs, in this window or in one of the last.
 *
 * One statement, the same for every address. Row locks last no longer, in a fixed order: proof, widest network to
 * narrowest, all, domain.
 * The row of all never waits for the disk: otherwise each write would let only one sign-up through. The table is unlogged,
 * and the statement writes to no other. After a crash of the database, all counts begin at 0.
 * Network counts are exact. Concurrent suspicious sign-ups may exceed a domain's limit by their number.
 */
export async function countSignUp(
  { db, config, now }: Pick<Services, 'db' | 'config' | 'now'>,
  signUp: SignUp,
): Promise<Admission> {
  const { networks, domain, proof, suspicions, trapped } = signUp
  const window = windowStart(now())
  const rows = await query(
    db,
    { scope: Scope, count: number, limit: number },
    countStatement({
      ...{ window, domain, suspicions, trapped },
      ...{ hasProof: proof !== undefined, proofId: proof?.id ?? '', proofIssuedAt: proof?.issuedAt ?? window },
      ...{ networks: networks.map(({ key }) => key), limits: networks.map(({ limit }) => limit) },
      ...{ inAll: config.SIGN_UPS_IN_ALL, perDomain: config.SIGN_UPS_PER_DOMAIN },
    }),
  )
  const level = (scope: z.output<typeof Scope>) => rows.find((row) => row.scope === scope)
  const [ofDomain, ofAll] = [level('domain'), level('all')]
  return ofDomain && ofAll && { domain: ofDomain, all: ofAll }
}

/**
 * CTEs in order: `spent` (uses of its proof), `this` (its weight), `networks` and `levels` (the load and the limits), `fitting` (has it
 * room?), `network` (counts it there, and checks again), `admitted`, `counted` (all other counts).
 */
const countStatement = statement<CountValues>(
  (given) => sql`
    WITH spent AS (
      INSERT INTO sign_up_counts AS c (scope, key, since, count)
      SELECT 'proof', ${given.proofId}, ${given.proofIssuedAt}::timestamptz, 1 WHERE ${given.hasProof}::boolean
      ON CONFLICT (scope, key, since) DO UPDATE SET count = c.count + 1
      RETURNING count
    ), this AS MATERIALIZED (
      SELECT 1 + ${SUSPICION_WEIGHT}::int * (${given.suspicions}::int + (coalesce((SELECT count FROM spent), 2) > 1)::int) AS weight
    ), networks AS (
      SELECT key, "limit", place
      FROM unnest(${given.networks}::text[], ${given.limits}::int[])
        WITH ORDINALITY AS n (key, "limit", place)
    ), levels AS MATERIALIZED (
      -- The day before has 144 windows: it is read once the weight is near half the setting, since concurrent sign-ups are not in it yet.
      SELECT v.scope, v.key, v.place, recent.this, recent.most, greatest(v.setting, CASE WHEN recent.most > v.setting / 2 - ${MOST_WEIGHT}::int
        THEN ${SURGE_FACTOR}::int * (${usual(given.window, sql`v.scope`, sql`v.key`)}) END) AS "limit"
      FROM (VALUES (1, 'all', '', ${given.inAll}::int), (2, 'domain', ${given.domain}::text, ${given.perDomain}::int))
          AS v (place, scope, key, setting)
        CROSS JOIN LATERAL (${recent(given.window, sql`v.scope`, sql`v.key`)}) AS recent
    ), fitting AS MATERIALIZED (
      SELECT weight FROM this
      WHERE NOT EXISTS (
          -- A join may read the counts of all networks of the window, which are thousands in a rush.
          SELECT FROM networks n WHERE n."limit" < weight + coalesce((
            SELECT count FROM sign_up_counts WHERE scope = 'network' AND key = n.key AND since = ${given.window}::timestamptz), 0))
        AND (weight = 1 OR NOT EXISTS (SELECT FROM levels WHERE greatest(most, this + weight) > "limit"))
    ), network AS (
      INSERT INTO sign_up_counts AS c (scope, key, since, count)
      SELECT 'network', key, ${given.window}::timestamptz, weight FROM fitting, networks ORDER BY place DESC
      ON CONFLICT (scope, key, since) DO UPDATE SET count = c.count + excluded.count
      -- Check again under the row lock: other sign-ups may have been counted since.
      WHERE c.count + excluded.count <= (SELECT "limit" FROM networks n WHERE n.key = c.key)
      RETURNING 1
    ), admitted AS MATERIALIZED (
      SELECT weight FROM fitting WHERE (SELECT count(*) FROM network) = cardinality(${given.networks}::text[])
    ), counted AS (
      INSERT INTO sign_up_counts AS c (scope, key, since, count)
      SELECT scope, key, ${given.window}::timestamptz, weight FROM (
        SELECT place, scope, key, weight FROM admitted, levels WHERE NOT ${given.trapped}
        UNION ALL SELECT 3, 'trapped', '', 1 FROM admitted WHERE ${given.trapped}::boolean
        UNION ALL SELECT 3, 'refused', '', 1 WHERE NOT EXISTS (SELECT FROM admitted)) AS v
      ORDER BY place
      ON CONFLICT (scope, key, since) DO UPDATE SET count = c.count + excluded.count
      RETURNING scope, count
    )
    SELECT scope, coalesce((SELECT count FROM counted c WHERE c.scope = l.scope), l.this)::int AS count, "limit"
    FROM admitted, levels l`,
)

type CountValues =
  | ('window' | 'domain' | 'suspicions' | 'trapped' | 'hasProof' | 'proofId' | 'proofIssuedAt')
  | ('networks' | 'limits' | 'inAll' | 'perDomain')

export interface Surge {
  /** receiving domain; undefined for all together */
  domain: string | undefined
  /** weight of the busiest recent window */
  count: number
  limit: number
}

/** Lists surges of the last half hour: domains, and all together, over their limit. */
export async function listSurges(
  { db, config, now }: Pick<Services, 'db' | 'config' | 'now'>,
  only?: 'all',
): Promise<Surge[]> {
  const window = windowStart(now())
  const least = Math.min(config.SIGN_UPS_PER_DOMAIN, config.SIGN_UPS_IN_ALL)
  const rows = await query(db, { scope: Scope, key: text, most: number, usual: number })`
    SELECT v.scope, v.key, recent.most, (${usual(window, sql`v.scope`, sql`v.key`)}) AS usual
    FROM (SELECT DISTINCT scope, key FROM sign_up_counts
          WHERE scope IN ('all', ${only ?? 'domain'}) AND since > ${surgeBegin(window)}
            AND count > ${least}) AS v
      CROSS JOIN LATERAL (${recent(window, sql`v.scope`, sql`v.key`)}) AS recent
    ORDER BY recent.most DESC LIMIT 20`
  return rows
    .map(({ scope, key, most, usual }) => {
      const limit = limitOf(scope === 'all' ? config.SIGN_UPS_IN_ALL : config.SIGN_UPS_PER_DOMAIN, usual)
      return { domain: scope === 'all' ? undefined : key, count: most, limit }
    })
    .filter(({ count, limit }) => count > limit)
}

/** Counts sign-ups of the last day that got no email: refused ones and those that filled the honeypot. */
export const countRejected = ({ db, now }: Pick<Services, 'db' | 'now'>) =>
  queryOne(db, { refused: number, trapped: number })`
    SELECT coalesce(sum(count) FILTER (WHERE scope = 'refused'), 0)::int AS refused,
      coalesce(sum(count) FILTER (WHERE scope = 'trapped'), 0)::int AS trapped
    FROM sign_up_counts WHERE scope IN ('refused', 'trapped') AND since > ${now()}::timestamptz - interval '1 day'`

/** Deletes windows and proofs older than a day. */
export const deleteOldCounts = async (db: Db, at: Date): Promise<void> => {
  await db.execute(sql`DELETE FROM sign_up_counts WHERE since < ${at}::timestamptz - interval '25 hours'`)
}

/** SQL: the weight of this window, and the highest of the surge windows. */
const recent = (window: Date | SQL, scope: SQL, key: SQL) => sql`
  SELECT coalesce(max(count) FILTER (WHERE since = ${window}::timestamptz), 0) AS this, coalesce(max(count), 0) AS most
  FROM sign_up_counts WHERE scope = ${scope} AND key = ${key} AND since > ${surgeBegin(window)}`

/** SQL: the mean of the day before the surge windows. */
const usual = (window: Date | SQL, scope: SQL, key: SQL) => sql`
  SELECT coalesce(sum(count), 0)::float / ${USUAL_WINDOWS} FROM sign_up_counts
  WHERE scope = ${scope} AND key = ${key} AND since <= ${surgeBegin(window)}
    AND since > ${surgeBegin(window)} - ${`${USUAL_HOURS} hours`}::interval`

const limitOf = (setting: number, usual: number): number => Math.max(setting, SURGE_FACTOR * usual)
const windowStart = (at: Date): Date => new Date(Math.floor(at.getTime() / WINDOW_MS) * WINDOW_MS)
/** SQL: the surge windows are those after this. */
const surgeBegin = (window: Date | SQL): SQL =>
  sql`${window}::timestamptz - ${`${SURGE_WINDOWS * WINDOW_MINUTES} minutes`}::interval`
