import { sql } from 'drizzle-orm'
import { LRUCache } from 'lru-cache'
import { shareWhileRunning } from '../lib/share-while-running.ts'
import type { Config } from '../runtime/config/config.ts'
import { parseRelays, type Warmup } from '../runtime/config/relay-settings.ts'
import type { Db } from '../runtime/db/database.ts'
import { prepared } from '../runtime/db/prepared.ts'
import { float, number, query, text } from '../runtime/db/query.ts'
import type { Outcome } from './outcome.ts'
import { openReplyWindow, type ReplyWindow } from './reply-window.ts'

/** Part of a bucket's rate: how many messages may go now, and when to ask for more. */
interface Slice {
  granted: number
  /** milliseconds in which asking again is useless, when none was granted */
  retryMs: number
  /** milliseconds until the bucket is full again: a whole second's worth may go */
  refilledMs: number
  /** messages a second */
  rate: number
}

/** Rate limits shared by all workers: for all email, per relay, per receiving domain. A bucket without a row has no limit. */
export interface Rates {
  /** Reads which buckets exist. Other workers may have added some. */
  refresh(): Promise<void>
  limited(bucket: string): boolean
  /** changes whenever this process adds a bucket */
  version(): number
  /** Takes up to `want` messages from the bucket, at most a second's worth. */
  take(bucket: string, want: number, warmup?: Warmup): Promise<Slice>
  /** Learns from a reply of a relay or domain: slows down when a large share asks for it, and recovers when they stop. */
  recordReply(bucket: string, outcome: Outcome): Promise<void>
}

export const ALL = 'all'
export const relayBucket = (name: string): string => `relay ${name}`
export const domainBucket = (domain: string): string => `domain ${domain}`

/** Lowest rate that slowing down reaches, in messages a second. */
const FLOOR = 1
/** Workers that see the same replies within this time slow down once. */
const ONE_EVENT_SECONDS = 2
/** Factors that raise the rate: fast below the rate at which it last asked, slower above. At `free` times that rate the limit ends. */
const RAISE = { below: 1.5, above: 1.2, free: 2 }
/** A rate unchanged for this long expires. Finding it again costs a few deferrals. */
export const RATE_MEMORY = '1 hour'
/** Domains whose replies one process remembers; the one silent for longest is forgotten first. */
const WINDOWS = 5_000

/** @param now the database's time */
export function openRates(
  db: Db,
  config: Pick<Config, 'SEND_RATE_PER_SECOND' | 'DOMAIN_RATES' | 'SMTP_URL'>,
  now: () => Date = () => new Date(),
): Rates {
  let known = new Set<string>()
  let version = 0
  let configured = false
  const windows = new LRUCache<string, ReplyWindow>({ max: WINDOWS })

  const windowOf = (bucket: string): ReplyWindow => {
    const window = windows.get(bucket) ?? openReplyWindow()
    windows.set(bucket, window)
    return window
  }

  return {
    refresh: shareWhileRunning(async () => {
      if (!configured) await configure(db, config, now())
      configured = true
      const before = version
      const statement = sql`
        SELECT name FROM buckets WHERE ceiling IS NOT NULL OR raised_at > ${now()}::timestamptz - ${RATE_MEMORY}::interval`
      const names = await query(db, { name: text }, prepared(statement))
      // If a bucket was added during the query, the result lacks it.
      if (version === before) known = new Set(names.map(({ name }) => name))
    }),
    limited: (bucket) => known.has(bucket),
    version: () => version,
    async take(bucket, want, warmup) {
      // Grants whole messages of a second's worth; below one a second, one message once the last has had its time.
      const at = now()
      const [row] = await query(db, { granted: number, rate: float, wait: float })`
        WITH asked AS (
          SELECT b.name, b.rate, b.spent * (b.day IS NOT DISTINCT FROM today)::int AS spent, today, at, greatest(b.paid_until, at) AS start
          FROM buckets b, LATERAL (SELECT ${at}::timestamptz AS at, (${at}::timestamptz AT TIME ZONE 'UTC')::date AS today) AS c
          WHERE b.name = ${bucket} FOR UPDATE OF b
        ), paid AS (
          SELECT *, greatest(0, least(${want}::int,
            CASE WHEN today >= ${warmup?.from ?? null}::date
              THEN (${warmup ? JSON.stringify(warmup.perDay) : null}::jsonb ->> (today - ${warmup?.from ?? null}::date))::int - spent END,
            greatest(floor(extract(epoch FROM at + interval '1 second' - start) * least(rate, 1e9)), (start <= at)::int))) AS granted
          FROM asked
        )
        UPDATE buckets b SET day = p.today, spent = p.spent + p.granted,
          paid_until = p.start + make_interval(secs => p.granted / least(p.rate, 1e9))
        FROM paid p WHERE b.name = p.name
        RETURNING p.granted::int, p.rate, extract(epoch FROM b.paid_until - p.at)::float8 AS wait`
      if (!row) return { granted: want, retryMs: 0, refilledMs: 0, rate: Number.POSITIVE_INFINITY }
      const { granted, rate, wait } = row
      // Until a quarter of a second's worth is available, or one message.
      const spare = Math.min(1, Math.max(0.25, 1 / rate))
      const retryMs = granted > 0 ? 0 : Math.max(50, (wait - 1 + spare) * 1000)
      return { granted, retryMs, refilledMs: Math.max(wait * 1000, retryMs), rate }
    },
    async recordReply(bucket, { state, slow, relayDown, lost, reply }) {
      const asks = bucket.startsWith('domain ') ? slow === 'domain' : slow === 'relay'
      // Only replies to messages count, not connection failures.
      if (!asks && (state === 'queued' || state === 'unknown' || relayDown || lost)) return
      const at = now()
      const window = windowOf(bucket)
      const change = window.add(asks ? reply : undefined, at.getTime())
      if (change === 'slower') {
        await slowDown(db, bucket, window.why(), at)
        if (known.has(bucket)) return
        known.add(bucket)
        version++
      } else if (change === 'faster' && known.has(bucket)) await speedUp(db, bucket, at)
    },
  }
}

/**
 * SQL that moves due times of batches waiting for buckets to their new rates. Expects the CTEs `old` and `fresh`, each with `name` and
 * `rate`.
 */
const rescheduleBatches = (at: Date) => sql`
  UPDATE batches SET due_at = ${at}::timestamptz + (due_at - ${at}::timestamptz) * (old.rate / fresh.rate)
  FROM old JOIN fresh USING (name) WHERE booked = name AND state = 'open' AND due_at > ${at}::timestamptz AND fresh.rate <> old.rate`

/** Halves a rate, once for all workers that saw the same replies. @param why rate and reply seen by this process */
async function slowDown(db: Db, bucket: string, why: ReturnType<ReplyWindow['why']>, at: Date): Promise<void> {
  const { perSecond: seen, reply } = why
  const before = sql`CASE WHEN b.ceiling IS NULL AND b.raised_at < ${at}::timestamptz - ${RATE_MEMORY}::interval THEN ${seen}::float8
    ELSE least(b.rate, ${seen}::float8) END`
  await db.execute(sql`
    WITH old AS (SELECT name, rate FROM buckets WHERE name = ${bucket} FOR UPDATE), fresh AS (
      INSERT INTO buckets AS b (name, rate, asked_rate, why, slowed_at, raised_at, paid_until)
      VALUES (${bucket}, greatest(${seen}::float8 / 2, ${FLOOR}), ${seen}::float8, ${reply}, ${at}, ${at}, ${at})
      ON CONFLICT (name) DO UPDATE SET asked_rate = ${before}, why = excluded.why, slowed_at = excluded.slowed_at, raised_at = excluded.raised_at,
        rate = least(b.ceiling, greatest((${before}) / 2, ${FLOOR}))
      WHERE b.slowed_at IS NULL OR b.slowed_at < ${at}::timestamptz - make_interval(secs => ${ONE_EVENT_SECONDS})
      RETURNING name, rate
    ) ${rescheduleBatches(at)}`)
}

/** Raises a slowed rate. At its ceiling, or well above the rate at which it asked, it is no longer slowed. */
async function speedUp(db: Db, bucket: string, at: Date): Promise<void> {
  await db.execute(sql`
    WITH old AS (SELECT * FROM buckets WHERE name = ${bucket} AND slowed_at IS NOT NULL FOR UPDATE), next AS (
      SELECT *, rate * CASE WHEN rate < asked_rate THEN ${RAISE.below}::float8 ELSE ${RAISE.above}::float8 END AS raised FROM old
    ), fresh AS (
      SELECT name, CASE WHEN free AND ceiling IS NULL THEN 'infinity' ELSE least(ceiling, raised) END AS rate, ceiling, free
      FROM next, LATERAL (SELECT raised >= coalesce(ceiling, asked_rate * ${RAISE.free}::float8, 0) AS free) AS f
    ), freed AS (
      DELETE FROM buckets b USING fresh WHERE b.name = ${bucket} AND fresh.free AND fresh.ceiling IS NULL
    ), kept AS (
      UPDATE buckets b SET rate = fresh.rate, raised_at = ${at},
        slowed_at = CASE WHEN NOT fresh.free THEN b.slowed_at END, asked_rate = CASE WHEN NOT fresh.free THEN b.asked_rate END,
        why = CASE WHEN NOT fresh.free THEN b.why END
      FROM fresh WHERE b.name = ${bucket} AND (NOT fresh.free OR fresh.ceiling IS NOT NULL)
    ) ${rescheduleBatches(at)}`)
}

/** Ends the slowing of a domain and makes its waiting batches due at once. Returns whether it was slowed. */
export async function resetDomain(db: Db, domain: string, at: Date): Promise<boolean> {
  const bucket = domainBucket(domain.toLowerCase())
  const { rowCount } = await db.execute(sql`
    WITH slowed AS (SELECT name, ceiling FROM buckets WHERE name = ${bucket} AND slowed_at IS NOT NULL FOR UPDATE), freed AS (
      DELETE FROM buckets b USING slowed s WHERE b.name = s.name AND s.ceiling IS NULL
    ), kept AS (
      UPDATE buckets b SET rate = s.ceiling, slowed_at = NULL, asked_rate = NULL, why = NULL
      FROM slowed s WHERE b.name = s.name AND s.ceiling IS NOT NULL
    ), due AS (
      UPDATE batches SET due_at = ${at} FROM slowed WHERE booked = slowed.name AND state = 'open' AND due_at > ${at}::timestamptz
    )
    SELECT FROM slowed`)
  return rowCount === 1
}

/**
 * Stores the configured rates. A bucket no longer configured keeps only the rate it was slowed to. Batches that wait for a changed rate
 * follow it: under a low one the last of them are due hours later.
 */
async function configure(
  db: Db,
  config: Pick<Config, 'SEND_RATE_PER_SECOND' | 'DOMAIN_RATES' | 'SMTP_URL'>,
  at: Date,
): Promise<void> {
  const ceilings = configuredRates(config)
  const names = [...ceilings.keys()]
  await db.execute(sql`
    WITH wanted AS (
      SELECT * FROM unnest(${sql.param(names)}::text[], ${sql.param([...ceilings.values()])}::float8[]) AS w (name, ceiling)
    ), old AS (
      SELECT name, rate FROM buckets
    ), dropped AS (
      DELETE FROM buckets WHERE (slowed_at IS NULL OR raised_at < ${at}::timestamptz - ${RATE_MEMORY}::interval) AND name <> ALL(${sql.param(names)}::text[])
      RETURNING name
    ), freed AS (
      UPDATE buckets SET ceiling = NULL WHERE slowed_at IS NOT NULL AND raised_at >= ${at}::timestamptz - ${RATE_MEMORY}::interval AND ceiling IS NOT NULL AND name <> ALL(${sql.param(names)}::text[])
    ), stored AS (
      INSERT INTO buckets AS b (name, rate, ceiling, paid_until, raised_at) SELECT name, ceiling, ceiling, ${at}::timestamptz, ${at}::timestamptz FROM wanted
      ON CONFLICT (name) DO UPDATE SET ceiling = excluded.ceiling,
        rate = CASE WHEN b.slowed_at IS NULL THEN excluded.ceiling ELSE least(b.rate, excluded.ceiling) END
      WHERE b.ceiling IS DISTINCT FROM excluded.ceiling
      RETURNING name, rate
    ), fresh AS (
      SELECT name, rate FROM stored UNION ALL SELECT name, 'infinity' FROM dropped
    ) ${rescheduleBatches(at)}`)
}

/** Returns bucket → messages a second for every configured limit. A relay that only warms up counts messages, without a rate. */
function configuredRates({
  SEND_RATE_PER_SECOND,
  DOMAIN_RATES,
  SMTP_URL,
}: Pick<Config, 'SEND_RATE_PER_SECOND' | 'DOMAIN_RATES' | 'SMTP_URL'>): Map<string, number> {
  const rates = new Map<string, number>()
  if (SEND_RATE_PER_SECOND !== undefined) rates.set(ALL, SEND_RATE_PER_SECOND)
  for (const { name, ratePerSecond, warmup } of parseRelays(SMTP_URL, 1)) {
    if (ratePerSecond !== undefined || warmup) rates.set(relayBucket(name), ratePerSecond ?? Number.POSITIVE_INFINITY)
  }
  for (const [domain, rate] of DOMAIN_RATES) rates.set(domainBucket(domain), rate)
  return rates
}
