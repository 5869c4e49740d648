import { leaseBatch, postponeBatch, returnBatch } from '../ledger/batches.ts'
import { readPending } from '../ledger/deliveries.ts'
import { passRestoreGuard } from '../ledger/restore-guard.ts'
import { holdLease } from './batch-lease.ts'
import type { DeliveryContext } from './delivery-context.ts'
import { openDomainLimits } from './domain-limits.ts'
import { spendErrorBudget } from './error-budget.ts'
import type { Tally } from './recorder.ts'
import { streamBatch } from './stream-batch.ts'

/** How long a batch rests at least, and at most, when nothing can be sent: another worker's relay may do, so it is not kept back for long. */
const REST_MS = { least: 50, most: 60_000 }

/**
 * Hands over what is left of one batch, unless it is in another hand or not due.
 *
 * @param stop when aborted, what is in flight is finished and recorded and the rest goes back: nothing becomes unknown
 * @returns how many got which outcome, or undefined when the batch was not to be had
 */
export async function deliverBatch(
  deps: DeliveryContext,
  batchId: number,
  stop: AbortSignal,
): Promise<Tally | undefined> {
  await deps.rates.refresh()
  // Two batches would each take what a rate allows for one; where one is kept, nothing is won by two at once.
  const done = deps.relay.limited() ? await deps.window.alone() : undefined
  try {
    return await work(deps, batchId, stop)
  } finally {
    done?.()
  }
}

async function work(deps: DeliveryContext, batchId: number, stop: AbortSignal): Promise<Tally | undefined> {
  const { db, config, now, relay, log, progress } = deps
  const rested = () => new Date(now().getTime() + Math.min(Math.max(relay.restMs(), REST_MS.least), REST_MS.most))
  if (relay.restMs() > 0) {
    await postponeBatch(db, batchId, rested())
    return undefined
  }
  if (!(await passRestoreGuard(deps))) return undefined
  const lease = await leaseBatch(db, batchId, now())
  if (!lease) return undefined
  const { ended, release } = holdLease(deps, lease, stop)
  try {
    const admission = openDomainLimits(deps, lease)
    const pending = await admission.admit(await readPending(db, lease, config.UNKNOWN_POLICY))
    const { tally, exhausted } = await streamBatch(deps, lease, pending, admission, ended)
    const why = await spendErrorBudget(deps, lease, tally)
    progress.add(lease.editionId, tally)
    if (why) log.error({ editionId: lease.editionId, reason: why }, 'the edition paused itself')
    await returnBatch(db, lease, config.UNKNOWN_POLICY, exhausted ? rested() : (admission.again() ?? now()))
    return tally
  } finally {
    release()
  }
}
