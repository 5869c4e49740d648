import { domainBucket, type Rates } from '../../relay/rates.ts'
import type { Services } from '../../runtime/services.ts'
import { type Lease, moveToLater } from '../ledger/batches.ts'
import type { Pending } from '../ledger/deliveries.ts'

/**
 * Lets through what receiving domains take now. The rest of a domain's mails moves to batches of their own, each a second's worth, due one
 * after another at its rate: nobody waits for them, and whoever comes next books behind them.
 *
 * @returns what is to be handed over now, in the same order
 */
export async function admit(
  { db, rates }: Pick<Services, 'db'> & { rates: Rates },
  lease: Lease,
  pending: Pending[],
): Promise<Pending[]> {
  const held = new Set<Pending>()
  for (const [domain, those] of Map.groupBy(pending, (one) => one.domain)) {
    const bucket = domainBucket(domain)
    if (!rates.limited(bucket) || bucket === lease.booked) continue
    const { granted } = await rates.take(bucket, those.length)
    const late = those.slice(granted)
    if (late.length === 0) continue
    const { from, rate } = await rates.book(bucket, late.length)
    await moveToLater(db, lease, turns(late, from, rate), bucket)
    for (const one of late) held.add(one)
  }
  return held.size === 0 ? pending : pending.filter((one) => !held.has(one))
}

/** Cuts mails into a second's worth each, or one by one where less than one goes a second. */
function turns(late: readonly Pending[], from: Date, rate: number): { subscriberIds: number[]; dueAt: Date }[] {
  const each = Math.max(1, Math.floor(rate))
  return Array.from({ length: Math.ceil(late.length / each) }, (_, index) => ({
    subscriberIds: late.slice(index * each, (index + 1) * each).map((one) => one.subscriberId),
    dueAt: new Date(from.getTime() + ((index * each) / rate) * 1000),
  }))
}
