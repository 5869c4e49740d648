import type { Services } from '../../runtime/services.ts'
import { canContinue, type Lease, RENEW_EVERY_MS, renewLease } from '../ledger/batches.ts'

/** The operator's word is heard within this: what waits then goes back, what is in flight is finished. */
const LISTEN_EVERY_MS = 500

/**
 * Keeps a batch's lease while it is worked, and ends the work when the lease is lost, the edition paused or cancelled, or mailing halted.
 *
 * @returns what aborts then, or when `stop` does; `release` ends the keeping
 */
export function holdLease({ db, log }: Pick<Services, 'db' | 'log'>, lease: Lease, stop: AbortSignal) {
  const halt = new AbortController()
  const every = (ms: number, ask: () => Promise<boolean>, failure: string) =>
    setInterval(() => {
      ask().then(
        (goOn) => {
          if (!goOn) halt.abort()
        },
        (error) => log.warn({ err: error, batchId: lease.batchId }, failure),
      )
    }, ms)
  const timers = [
    every(RENEW_EVERY_MS, () => renewLease(db, lease), 'a lease could not be renewed'),
    every(LISTEN_EVERY_MS, () => canContinue(db, lease), 'the operator’s word could not be asked for'),
  ]
  return { ended: AbortSignal.any([stop, halt.signal]), release: () => timers.forEach(clearInterval) }
}
