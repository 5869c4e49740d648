import { sql } from 'drizzle-orm'
import { bigint, queryColumn } from '../../runtime/db/query.ts'
import { FEWEST_PEOPLE } from '../../runtime/db/sums.ts'
import type { Services } from '../../runtime/services.ts'

/** Editions released since then are counted. */
export const DOMAIN_DAYS = 30
/** Outcomes recorded later than this after the end no longer change the counts. */
const LATE_DAYS = 1

/**
 * Counts the deliveries of recent editions by domain and state. Domains with few readers are counted together, under an empty name.
 * A finished edition is counted once more after its end. Counting one takes two seconds at a million deliveries, so a worker runs it.
 */
export async function countEditionDomains({ db, now }: Pick<Services, 'db' | 'now'>): Promise<void> {
  const at = sql`${now()}::timestamptz`
  const due = await queryColumn(db, bigint)`
    SELECT id FROM editions e
    WHERE released_at >= ${at} - make_interval(days => ${DOMAIN_DAYS})
      AND (state IN ('released', 'sending', 'paused')
        OR coalesce(sent_at, released_at) >= ${at} - make_interval(days => ${LATE_DAYS})
        OR NOT EXISTS (SELECT FROM edition_domains WHERE edition_id = e.id))
    ORDER BY id`
  for (const edition of due)
    await db.transaction(async (tx) => {
      // Another worker may count the same edition: both would insert what neither has deleted.
      await tx.execute(sql`SELECT pg_advisory_xact_lock(hashtext('count edition domains'), ${edition}::int)`)
      await tx.execute(sql`DELETE FROM edition_domains WHERE edition_id = ${edition}`)
      await tx.execute(sql`
        INSERT INTO edition_domains (edition_id, domain, state, deliveries)
        SELECT ${edition}, name, state, sum(deliveries)::int FROM (
          SELECT CASE WHEN sum(deliveries) OVER (PARTITION BY domain) >= ${FEWEST_PEOPLE} THEN domain ELSE '' END AS name, state, deliveries
          FROM (
            SELECT coalesce(split_part(s.email_key, '@', -1), '') AS domain, d.state, count(*) AS deliveries
            FROM deliveries d JOIN subscribers s ON s.id = d.subscriber_id WHERE d.edition_id = ${edition} GROUP BY 1, 2
          ) AS by_domain
        ) AS named GROUP BY name, state`)
    })
}
