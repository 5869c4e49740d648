import { type SQL, sql } from 'drizzle-orm'
import type { Db } from '../runtime/db/database.ts'

/** rates.ts remembers for this long that a domain asked for slower delivery. */
const IDLE_DAYS = 7

/**
 * Deletes the counts of a reader's domains, unless another reader has an address there: a personal domain names its
 * owner.
 * Counts of shared domains stay, so that erasing an address resets no rate limit.
 */
export async function deleteDomainData(db: Db, subscriberId: number): Promise<void> {
  const theirs = (domain: SQL) => sql`${domain} IN (
      SELECT split_part(email_key, '@', -1) FROM subscribers WHERE id = ${subscriberId}
      UNION ALL SELECT split_part(email_key, '@', -1) FROM address_changes WHERE subscriber_id = ${subscriberId})
    AND NOT EXISTS (SELECT FROM subscribers s WHERE s.id <> ${subscriberId} AND split_part(s.email_key, '@', -1) = ${domain})`
  await db.execute(sql`DELETE FROM sign_up_counts c WHERE c.scope = 'domain' AND ${theirs(sql`c.key`)}`)
  await db.execute(sql`
    DELETE FROM buckets b WHERE b.ceiling IS NULL AND b.name LIKE 'domain %' AND ${theirs(sql`substr(b.name, 8)`)}`)
}

/** Deletes the rates of domains that were slowed down and are at full speed again. */
export async function deleteIdleBuckets(db: Db): Promise<void> {
  await db.execute(sql`
    DELETE FROM buckets WHERE ceiling IS NULL AND slowed_at < clock_timestamp() - make_interval(days => ${IDLE_DAYS})`)
}
