import { batchesToDo, nextDue } from '../src/delivery/ledger/batches.ts'
import { BATCHES_AT_ONCE } from '../src/delivery/send/delivery-context.ts'
import type { Services } from '../src/runtime/services.ts'
import { wakeForBatch } from './sweep-batches.ts'

/** Batches that are due sooner than this are waited for here, by a clock; the sweeper finds the others. */
const SOON_MS = 10_000

/**
 * Goes on from one batch to the next, without asking while nothing could be sent: a rate is kept to fractions of a second, which the
 * sweeper's rounds are too slow for.
 */
export function createBatchWaker({ db, queues, now, log }: Services, restMs: () => number) {
  let timer: NodeJS.Timeout | undefined
  let stopped = false
  const later = (ms: number) => {
    clearTimeout(timer)
    if (stopped) return
    timer = setTimeout(() => wake().catch((error) => log.warn({ err: error }, 'the next batch was not found')), ms)
  }
  const wake = async (): Promise<void> => {
    const rest = restMs()
    if (rest > 0) return later(Math.min(rest, SOON_MS))
    const due = await batchesToDo(db, now(), BATCHES_AT_ONCE)
    for (const batch of due) await wakeForBatch(queues, batch)
    if (due.length > 0) return
    const next = await nextDue(db)
    const ms = next === undefined ? Number.POSITIVE_INFINITY : next.getTime() - now().getTime()
    if (ms < SOON_MS) later(Math.max(ms, 10))
  }
  return {
    wake,
    /** The same, for whoever does not wait for it. */
    soon: () => later(0),
    stop() {
      stopped = true
      clearTimeout(timer)
    },
  }
}
