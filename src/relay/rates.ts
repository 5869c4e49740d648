import { sql } from 'drizzle-orm'
import type { Config } from '../runtime/config/config.ts'
import { parseRelays, type Warmup } from '../runtime/config/relay-settings.ts'
import type { Db } from '../runtime/db/database.ts'

/** What a slice of a bucket came to: how many may go now, and when to ask again for more. */
export interface Slice {
  granted: number
  retryMs: number
}

/** How fast mail may go, over all workers: as a whole, to a relay, to a receiving domain. Without a row there is no limit. */
export interface Rates {
  /** Learns which buckets there are; other workers may have made some. */
  refresh(): Promise<void>
  limited(bucket: string): boolean
  /** changes whenever a bucket is made here */
  version(): number
  /** Pays for up to `want` mails, no more than the bucket takes in a second. */
  take(bucket: string, want: number, warmup?: Warmup): Promise<Slice>
  /** Pays for `count` mails ahead. @returns when the first may go, and how many each second */
  book(bucket: string, count: number): Promise<{ from: Date; rate: number }>
  /** One more mail was handed over towards this: from that a first rate is guessed when it asks us to be slower. */
  handed(bucket: string): void
  /** It asks us to be slower: half the rate, once for all that was under way. */
  slowDown(bucket: string): Promise<void>
}

export const ALL = 'all'
export const relayBucket = (name: string): string => `relay ${name}`
export const domainBucket = (domain: string): string => `domain ${domain}`

/** Additive increase, multiplicative decrease, as networks share a line (RFC 5681): mails a second, added each minute. */
const RAISE_PER_MINUTE = { relay: 10, domain: 0.5 }
const LEAST = { relay: 0.1, domain: 1 / 60 }
/** Answers to what was under way when it first asked are not asked again. */
const ONE_EVENT_SECONDS = 30
/** What a domain asked of us is remembered this long after it last did. */
const MEMORY = '7 days'
const METER_MS = 10_000

const kindOf = (bucket: string): 'relay' | 'domain' => (bucket.startsWith('domain ') ? 'domain' : 'relay')

export function openRates(db: Db, config: Pick<Config, 'SEND_RATE_PER_SECOND' | 'DOMAIN_RATES' | 'SMTP_URL'>): Rates {
  let known = new Set<string>()
  let version = 0
  let configured = false
  let meter = { since: performance.now(), counts: new Map<string, number>() }

  return {
    async refresh() {
      if (!configured) await configure(db, config)
      configured = true
      const before = version
      const { rows } = await db.execute<{ name: string }>(sql`
        SELECT name FROM buckets WHERE ceiling IS NOT NULL OR slowed_at > now() - ${MEMORY}::interval`)
      // Asked before a bucket was made, the answer does not know of it.
      if (version === before) known = new Set(rows.map((row) => row.name))
    },
    limited: (bucket) => known.has(bucket),
    version: () => version,
    async take(bucket, want, warmup) {
      // `floor` over a second's worth; below one mail a second, one mail when the last is paid for.
      const { rows } = await db.execute<{ granted: number; rate: number; wait: number }>(sql`
        WITH now AS (
          SELECT b.name, b.spent * (b.day IS NOT DISTINCT FROM today)::int AS spent, today, at, greatest(b.paid_until, at) AS start,
            ${raised(bucket)} AS rate
          FROM buckets b, LATERAL (SELECT clock_timestamp() AS at, (clock_timestamp() AT TIME ZONE 'UTC')::date AS today) AS c
          WHERE b.name = ${bucket} FOR UPDATE OF b
        ), paid AS (
          SELECT *, greatest(0, least(${want}::int,
            CASE WHEN today >= ${warmup?.from ?? null}::date
              THEN (${warmup ? JSON.stringify(warmup.perDay) : null}::jsonb ->> (today - ${warmup?.from ?? null}::date))::int - spent END,
            greatest(floor(extract(epoch FROM at + interval '1 second' - start) * least(rate, 1e9)), (start <= at)::int))) AS granted
          FROM now
        )
        UPDATE buckets b SET rate = p.rate, raised_at = p.at, day = p.today, spent = p.spent + p.granted,
          paid_until = p.start + make_interval(secs => p.granted / least(p.rate, 1e9))
        FROM paid p WHERE b.name = p.name
        RETURNING p.granted::int, p.rate, extract(epoch FROM b.paid_until - p.at)::float8 AS wait`)
      const row = rows[0]
      if (!row) return { granted: want, retryMs: 0 }
      // A quarter of a second's worth again, or the one mail it lets go.
      const spare = Math.min(1, Math.max(0.25, 1 / row.rate))
      const retryMs = row.granted > 0 ? 0 : Math.max(50, (row.wait - 1 + spare) * 1000)
      return { granted: row.granted, retryMs }
    },
    async book(bucket, count) {
      const { rows } = await db.execute<{ from: string; rate: number }>(sql`
        UPDATE buckets SET paid_until = greatest(paid_until, clock_timestamp()) + make_interval(secs => ${count} / rate)
        WHERE name = ${bucket}
        RETURNING paid_until - make_interval(secs => ${count} / rate) AS from, rate`)
      const row = rows[0]
      return row ? { from: new Date(row.from), rate: row.rate } : { from: new Date(0), rate: Number.POSITIVE_INFINITY }
    },
    handed(bucket) {
      if (performance.now() - meter.since > METER_MS) meter = { since: performance.now(), counts: new Map() }
      meter.counts.set(bucket, (meter.counts.get(bucket) ?? 0) + 1)
    },
    async slowDown(bucket) {
      const seconds = Math.max(1, (performance.now() - meter.since) / 1000)
      const seen = (meter.counts.get(bucket) ?? 1) / seconds
      const least = LEAST[kindOf(bucket)]
      await db.execute(sql`
        INSERT INTO buckets AS b (name, rate, slowed_at) VALUES (${bucket}, ${Math.max(seen / 2, least)}, now())
        ON CONFLICT (name) DO UPDATE SET rate = greatest(least(b.rate, ${Math.max(seen, least)}) / 2, ${least}), slowed_at = now(),
          raised_at = now()
        WHERE b.slowed_at IS NULL OR b.slowed_at < now() - make_interval(secs => ${ONE_EVENT_SECONDS})`)
      if (known.has(bucket)) return
      known.add(bucket)
      version++
    },
  }
}

/** The rate as it has grown since it was last looked at: only what was slowed down grows. */
const raised = (bucket: string) => sql`least(b.ceiling, CASE WHEN b.slowed_at IS NULL THEN b.rate
  ELSE b.rate + ${RAISE_PER_MINUTE[kindOf(bucket)]}::float8 * extract(epoch FROM at - greatest(b.raised_at, b.slowed_at)) / 60 END)`

/** Writes down the rates of the settings; a bucket that is no longer among them keeps only what it was slowed down to. */
async function configure(
  db: Db,
  config: Pick<Config, 'SEND_RATE_PER_SECOND' | 'DOMAIN_RATES' | 'SMTP_URL'>,
): Promise<void> {
  const ceilings = configuredRates(config)
  const names = [...ceilings.keys()]
  await db.execute(sql`
    WITH wanted AS (
      SELECT * FROM unnest(${sql.param(names)}::text[], ${sql.param([...ceilings.values()])}::float8[]) AS w (name, ceiling)
    ), dropped AS (
      DELETE FROM buckets WHERE slowed_at IS NULL AND name <> ALL(${sql.param(names)}::text[])
    ), freed AS (
      UPDATE buckets SET ceiling = NULL WHERE slowed_at IS NOT NULL AND ceiling IS NOT NULL AND name <> ALL(${sql.param(names)}::text[])
    )
    INSERT INTO buckets AS b (name, rate, ceiling) SELECT name, ceiling, ceiling FROM wanted
    ON CONFLICT (name) DO UPDATE SET ceiling = excluded.ceiling,
      rate = CASE WHEN b.slowed_at IS NULL THEN excluded.ceiling ELSE least(b.rate, excluded.ceiling) END
    WHERE b.ceiling IS DISTINCT FROM excluded.ceiling`)
}

/** Bucket → mails a second, of those that the settings limit. One that only warms up counts its mails, and has no rate. */
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
