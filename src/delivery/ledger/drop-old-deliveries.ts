import { sql } from 'drizzle-orm'
import { queryColumn, text } from '../../runtime/db/query.ts'
import type { Services } from '../../runtime/services.ts'

/** Editions per partition of the ledger, as in ensure_delivery_partition. */
const EDITIONS = 32
/** Waiting longer for the lock would block sending. The next run tries again. */
const PATIENCE = '2s'

/**
 * Drops partitions of the ledger whose editions are all over and older than DELIVERY_DAYS. Dropping costs the same for ten rows and
 * ten million. Papers shown in them no longer count as repeats, which are remembered for 35 days.
 *
 * @returns the names of the dropped partitions
 */
export async function dropOldDeliveries({
  db,
  now,
  config,
}: Pick<Services, 'db' | 'now' | 'config'>): Promise<string[]> {
  const old = await queryColumn(db, text)`
    SELECT c.relname AS name
    FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid,
      LATERAL (SELECT replace(c.relname, 'deliveries_', '')::bigint AS first) AS at
    WHERE i.inhparent = 'deliveries'::regclass
      -- No later edition belongs to it,
      AND (SELECT max(id) FROM editions) >= at.first + ${EDITIONS}
      -- and none of its editions is recent or unfinished.
      AND NOT EXISTS (SELECT FROM editions e WHERE e.id >= at.first AND e.id < at.first + ${EDITIONS}
        -- A person may release an old list.
        AND (greatest(e.closes_at, e.released_at, e.sent_at) > ${now()}::timestamptz - make_interval(days => ${config.DELIVERY_DAYS})
          OR e.state NOT IN ('sent', 'cancelled')))`
  const dropped: string[] = []
  for (const name of old) {
    try {
      await db.transaction(async (tx) => {
        await tx.execute(sql.raw(`SET LOCAL lock_timeout = '${PATIENCE}'`))
        await tx.execute(sql`DROP TABLE ${sql.identifier(name)}`)
      })
      dropped.push(name)
    } catch (error) {
      if (!isLockTimeout(error)) throw error
    }
  }
  return dropped
}

const isLockTimeout = (error: unknown): boolean =>
  (error as { code?: string; cause?: { code?: string } }).cause?.code === '55P03' ||
  (error as { code?: string }).code === '55P03'
