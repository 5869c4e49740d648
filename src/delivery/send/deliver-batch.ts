import type { Tally } from '../../relay/send-emails.ts'
import { leaseBatch, postponeBatch, returnBatch } from '../ledger/batches.ts'
import { readPending } from '../ledger/deliveries.ts'
import { holdLease } from './batch-lease.ts'
import type { DeliveryContext } from './delivery-context.ts'
import { openDomainLimits } from './domain-limits.ts'
import { spendErrorBudget } from './error-budget.ts'
import { streamBatch } from './stream-batch.ts'

/** Shortest and longest time a batch waits while no relay can be used. Short, since another worker's relay may work. */
const REST_MS = { shortest: 50, longest: 60_000 }

/**
 * Sends the unfinished deliveries of one batch.
 *
 * @param stop when aborted, deliveries in flight finish and are recorded, and the rest go back: none becomes unknown
 * @returns how many deliveries got each outcome, or undefined when the batch is not due or not available
 */
export async function deliverBatch(
  context: DeliveryContext,
  batchId: number,
  stop: AbortSignal,
): Promise<Tally | undefined> {
  await context.rates.refresh()
  // Two batches would each use what a rate allows for one. With a rate limit, two at once are no faster.
  const endTurn = context.relay.limited() ? await context.inFlight.exclusive() : undefined
  try {
    return await sendBatch(context, batchId, stop)
  } finally {
    endTurn?.()
  }
}

async function sendBatch(context: DeliveryContext, batchId: number, stop: AbortSignal): Promise<Tally | undefined> {
  const { db, config, now, relay, log, progress } = context
  const afterRest = () =>
    new Date(now().getTime() + Math.min(Math.max(relay.restMs(), REST_MS.shortest), REST_MS.longest))
  if (relay.restMs() > 0) {
    await postponeBatch(db, batchId, afterRest())
    return undefined
  }
  if (!(await context.passGuard())) return undefined
  const lease = await leaseBatch(db, batchId, now())
  if (!lease) return undefined
  const { ended, release } = holdLease(context, lease, stop)
  try {
    const limits = openDomainLimits(context, lease)
    const pending = await limits.apply(await readPending(db, lease, config.UNKNOWN_POLICY))
    const { tally, exhausted } = await streamBatch(context, lease, pending, limits, ended)
    const why = await spendErrorBudget(context, lease, tally)
    progress.add(lease.editionId, tally)
    if (why) log.error({ editionId: lease.editionId, reason: why }, 'edition paused automatically')
    await returnBatch(db, lease, config.UNKNOWN_POLICY, exhausted ? afterRest() : (limits.resumeAt() ?? now()))
    return tally
  } finally {
    release()
  }
}
