import { sql } from 'drizzle-orm'
import { z } from 'zod'
import { countEditionDomains, DOMAIN_DAYS } from '../delivery/ledger/edition-domains.ts'
import { query } from '../runtime/db/query.ts'
import { readSum, saveSum } from '../runtime/db/sums.ts'
import type { Services } from '../runtime/services.ts'

const DomainReport = z.object({
  /** empty for all domains with few readers */
  domain: z.string(),
  deliveries: z.number(),
  accepted: z.number(),
  refused: z.number(),
  /** expired or with an unknown outcome */
  lost: z.number(),
  /** queued, being sent or deferred */
  open: z.number(),
  /** reports that arrived after the relay had accepted the email */
  bounces: z.number(),
  complaints: z.number(),
})

export const Deliverability = z.object({ domains: z.array(DomainReport) })
const SUM = 'deliverability'
const MOST_DOMAINS = 30

/** Counts what became of the digests of the last 30 days, by receiving domain. A worker runs it; see `countEditionDomains`. */
export async function countDeliverability(services: Pick<Services, 'db' | 'now'>): Promise<void> {
  const { db, now } = services
  await countEditionDomains(services)
  const since = sql`${now()}::timestamptz - make_interval(days => ${DOMAIN_DAYS})`
  const domains = await query(db, DomainReport)`
    WITH sent AS (
      SELECT domain, sum(deliveries)::int AS deliveries,
        coalesce(sum(deliveries) FILTER (WHERE d.state = 'accepted'), 0)::int AS accepted,
        coalesce(sum(deliveries) FILTER (WHERE d.state = 'refused'), 0)::int AS refused,
        coalesce(sum(deliveries) FILTER (WHERE d.state IN ('expired', 'unknown')), 0)::int AS lost,
        coalesce(sum(deliveries) FILTER (WHERE d.state IN ('queued', 'handed', 'deferred')), 0)::int AS open
      FROM edition_domains d JOIN editions e ON e.id = d.edition_id
      WHERE e.released_at >= ${since} AND d.state NOT IN ('skipped', 'erased') GROUP BY domain
      ORDER BY domain = '', 2 DESC, domain
    ), reported AS (
      SELECT split_part(s.email_key, '@', -1) AS domain, count(*) FILTER (WHERE class = 'hard')::int AS bounces,
        count(*) FILTER (WHERE class = 'complaint')::int AS complaints
      FROM inbound_events i JOIN subscribers s ON s.id = i.subscriber_id
      WHERE i.received_at >= ${since} AND class IN ('hard', 'complaint') GROUP BY 1
    )
    SELECT sent.*, coalesce(bounces, 0) AS bounces, coalesce(complaints, 0) AS complaints
    FROM sent LEFT JOIN reported USING (domain) ORDER BY sent.domain = '', deliveries DESC, domain`
  // The last row sums up the domains with few readers.
  const small = domains.filter(({ domain }) => domain === '')
  const named = domains.filter(({ domain }) => domain !== '').slice(0, MOST_DOMAINS)
  await saveSum(db, SUM, now(), { domains: [...named, ...small] } satisfies z.output<typeof Deliverability>)
}

/** Returns the last count; undefined before the first one. */
export const readDeliverability = ({ db }: Pick<Services, 'db'>) => readSum(db, SUM, Deliverability)
