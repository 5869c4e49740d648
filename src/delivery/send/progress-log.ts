import type { Logger } from 'pino'
import type { Tally } from './recorder.ts'

/** Says how editions are going, without a line for each batch. */
export interface ProgressLog {
  /** Adds what a batch came to. */
  add(editionId: number, tally: Tally): void
  /** Logs what is not logged yet, as before an end. */
  flush(): void
}

const EVERY_MS = 10_000

/** One line for each edition and ten seconds in which something was handed over. */
export function openProgressLog(log: Logger, everyMs = EVERY_MS): ProgressLog {
  const sums = new Map<number, Record<string, number>>()
  let timer: NodeJS.Timeout | undefined

  const flush = () => {
    clearTimeout(timer)
    timer = undefined
    for (const [editionId, states] of sums) log.info({ editionId, ...states }, 'deliveries handed over')
    sums.clear()
  }
  return {
    add(editionId, tally) {
      const states = Object.entries(tally).filter(([, count]) => count > 0)
      if (states.length === 0) return
      const sum = sums.get(editionId) ?? {}
      for (const [state, count] of states) sum[state] = (sum[state] ?? 0) + count
      sums.set(editionId, sum)
      // Not a reason to keep a process alive.
      timer ??= setTimeout(flush, everyMs).unref()
    },
    flush,
  }
}
