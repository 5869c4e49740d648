import { domainBucket, type Rates } from '../../relay/rates.ts'
import { moment, queryColumn } from '../../runtime/db/query.ts'
import type { Services } from '../../runtime/services.ts'
import { type Lease, moveDeliveries } from '../ledger/batches.ts'
import type { Pending } from '../ledger/deliveries.ts'

/** Applies the rate limits of receiving domains to one batch. */
export interface DomainLimits {
  /** Returns the deliveries that may be sent now, in the same order. The others are moved or wait in this batch. */
  apply(pending: Pending[]): Promise<Pending[]>
  /** when deliveries waiting in this batch may go on; undefined when none wait */
  resumeAt(): Date | undefined
}

/**
 * Opens the limits for a leased batch. Deliveries over a slow domain's rate move to a batch of their own, due after batches that already
 * wait, so that they delay no other domain. That batch is sent in slices. Each slice is taken from the rate when it goes, so waiting
 * deliveries follow the current rate.
 */
export function openDomainLimits(
  { db, rates, now }: Pick<Services, 'db' | 'now'> & { rates: Rates },
  lease: Lease,
): DomainLimits {
  const taken = new Set<string>()
  let resumeAt: Date | undefined

  const hold = async (bucket: string, late: Pending[], due: Date, rate: number) => {
    if (bucket === lease.bucket) {
      resumeAt = due
      return
    }
    const subscriberIds = late.map((one) => one.subscriberId)
    const dueAt = (await endOfQueue(db, bucket, rate)) ?? due
    await moveDeliveries(db, lease, [{ subscriberIds, dueAt: dueAt > due ? dueAt : due }], bucket)
  }

  return {
    async apply(pending) {
      const held = new Set<Pending>()
      for (const [domain, deliveries] of Map.groupBy(pending, (one) => one.domain)) {
        const bucket = domainBucket(domain)
        if (!rates.limited(bucket) || taken.has(bucket)) continue
        taken.add(bucket)
        const { granted, refilledMs, rate } = await rates.take(bucket, deliveries.length)
        const late = deliveries.slice(granted)
        if (late.length === 0) continue
        await hold(bucket, late, new Date(now().getTime() + refilledMs), rate)
        for (const one of late) held.add(one)
      }
      return held.size === 0 ? pending : pending.filter((one) => !held.has(one))
    },
    resumeAt: () => resumeAt,
  }
}

/** Returns when the last batch waiting for a bucket will be done at this rate. */
async function endOfQueue(db: Services['db'], bucket: string, rate: number): Promise<Date | undefined> {
  const [end] = await queryColumn(db, moment)`
    SELECT b.due_at + make_interval(secs => least(w.waiting / ${rate}::float8, 86400))
    FROM (SELECT id, edition_id, due_at FROM batches WHERE booked = ${bucket} AND state <> 'done' ORDER BY due_at DESC, id DESC LIMIT 1) AS b,
      LATERAL (
        SELECT count(*) AS waiting FROM deliveries d
        WHERE d.edition_id = b.edition_id AND d.batch_id = b.id AND d.state IN ('queued', 'deferred', 'unknown')
      ) AS w`
  return end
}
