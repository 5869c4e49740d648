import { dueBatches, nextBatchDue } from '../src/delivery/ledger/batches.ts'
import { BATCHES_AT_ONCE } from '../src/delivery/send/delivery-context.ts'
import type { Services } from '../src/runtime/services.ts'
import { wakeForBatch } from './sweep-batches.ts'

/** A timer waits for batches due sooner than this. The sweeper finds the others. */
const SOON_MS = 10_000

/**
 * Wakes workers for the next due batch, and does not query while all relays rest. Rate limits need fractions of a second, which
 * the sweeper's interval is too long for.
 */
export function createBatchWaker({ db, queues, now, log }: Services, restMs: () => number) {
  let timer: NodeJS.Timeout | undefined
  let stopped = false
  const later = (ms: number) => {
    clearTimeout(timer)
    if (stopped) return
    timer = setTimeout(() => wake().catch((error) => log.warn({ err: error }, 'looking for the next batch failed')), ms)
  }
  const wake = async (): Promise<void> => {
    const rest = restMs()
    if (rest > 0) return later(Math.min(rest, SOON_MS))
    const due = await dueBatches(db, now(), BATCHES_AT_ONCE)
    for (const batch of due) await wakeForBatch(queues, batch)
    if (due.length > 0) return
    const next = await nextBatchDue(db)
    const ms = next === undefined ? Number.POSITIVE_INFINITY : next.getTime() - now().getTime()
    if (ms < SOON_MS) later(Math.max(ms, 10))
  }
  return {
    wake,
    /** Like `wake`, but returns at once. */
    soon: () => later(0),
    stop() {
      stopped = true
      clearTimeout(timer)
    },
  }
}
