import { sql } from 'drizzle-orm'
import { domainBucket, type Rates } from '../../relay/rates.ts'
import type { Services } from '../../runtime/services.ts'
import { type Lease, moveDeliveries } from '../ledger/batches.ts'
import type { Pending } from '../ledger/deliveries.ts'

/** Lets through what the receiving domains of one batch take now. */
export interface DomainLimits {
  /** @returns what is to be handed over now, in the same order */
  admit(pending: Pending[]): Promise<Pending[]>
  /** when what stays in this batch may go on; undefined when nothing was held back in it */
  again(): Date | undefined
}

/**
 * The rest of a slow domain's mails moves to a batch of its own, due after those that wait already: it holds up no other domain. That
 * batch is then worked in slices, each paid for when it goes, so that what waits follows the rate as it is then.
 */
export function openDomainLimits(
  { db, rates, now }: Pick<Services, 'db' | 'now'> & { rates: Rates },
  lease: Lease,
): DomainLimits {
  const paid = new Set<string>()
  let again: Date | undefined

  const hold = async (bucket: string, late: Pending[], due: Date, rate: number) => {
    if (bucket === lease.booked) {
      again = due
      return
    }
    const subscriberIds = late.map((one) => one.subscriberId)
    const dueAt = (await afterTheLast(db, bucket, rate)) ?? due
    await moveDeliveries(db, lease, [{ subscriberIds, dueAt: dueAt > due ? dueAt : due }], bucket)
  }

  return {
    async admit(pending) {
      const held = new Set<Pending>()
      for (const [domain, those] of Map.groupBy(pending, (one) => one.domain)) {
        const bucket = domainBucket(domain)
        if (!rates.limited(bucket) || paid.has(bucket)) continue
        paid.add(bucket)
        const { granted, refilledMs, rate } = await rates.take(bucket, those.length)
        const late = those.slice(granted)
        if (late.length === 0) continue
        await hold(bucket, late, new Date(now().getTime() + refilledMs), rate)
        for (const one of late) held.add(one)
      }
      return held.size === 0 ? pending : pending.filter((one) => !held.has(one))
    },
    again: () => again,
  }
}

/** When the last batch that waits for a bucket will be done at this rate. */
async function afterTheLast(db: Services['db'], bucket: string, rate: number): Promise<Date | undefined> {
  const { rows } = await db.execute<{ at: string }>(sql`
    SELECT b.due_at + make_interval(secs => least(w.waiting / ${rate}::float8, 86400)) AS at
    FROM (SELECT id, edition_id, due_at FROM batches WHERE booked = ${bucket} AND state <> 'done' ORDER BY due_at DESC, id DESC LIMIT 1) AS b,
      LATERAL (
        SELECT count(*) AS waiting FROM deliveries d
        WHERE d.edition_id = b.edition_id AND d.batch_id = b.id AND d.state IN ('queued', 'deferred', 'unknown')
      ) AS w`)
  return rows[0] && new Date(rows[0].at)
}
