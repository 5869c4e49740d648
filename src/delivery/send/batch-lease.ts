import type { Services } from '../../runtime/services.ts'
import { canContinue, type Lease, RENEW_EVERY_MS, renewLease } from '../ledger/batches.ts'

/** A pause or halt takes effect within this: waiting deliveries go back, deliveries in flight finish. */
const CHECK_EVERY_MS = 500

/**
 * Renews a batch's lease while it is being sent.
 *
 * @returns `ended`, a signal that aborts when `stop` does, the lease is lost, the edition paused or cancelled, or sending halted; and
 *   `release`, which stops renewing
 */
export function holdLease({ db, log }: Pick<Services, 'db' | 'log'>, lease: Lease, stop: AbortSignal) {
  const halt = new AbortController()
  const every = (ms: number, check: () => Promise<boolean>, failure: string) =>
    setInterval(() => {
      check().then(
        (goOn) => {
          if (!goOn) halt.abort()
        },
        (error) => log.warn({ err: error, batchId: lease.batchId }, failure),
      )
    }, ms)
  const timers = [
    every(RENEW_EVERY_MS, () => renewLease(db, lease), 'could not renew a batch lease'),
    every(CHECK_EVERY_MS, () => canContinue(db, lease), 'could not check for a pause or halt'),
  ]
  return { ended: AbortSignal.any([stop, halt.signal]), release: () => timers.forEach(clearInterval) }
}
