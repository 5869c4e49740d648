import type { Logger } from 'pino'
import type { Tally } from '../../relay/send-emails.ts'

/** Logs the progress of editions, without a line for each batch. */
export interface ProgressLog {
  /** Adds the outcomes of a batch. */
  add(editionId: number, tally: Tally): void
  /** Logs pending counts, for example before exit. */
  flush(): void
}

const EVERY_MS = 10_000

/** Logs at most one line per edition every ten seconds. */
export function openProgressLog(log: Logger, everyMs = EVERY_MS): ProgressLog {
  const sums = new Map<number, Record<string, number>>()
  let timer: NodeJS.Timeout | undefined

  const flush = () => {
    clearTimeout(timer)
    timer = undefined
    for (const [editionId, states] of sums) log.info({ editionId, ...states }, 'deliveries sent')
    sums.clear()
  }
  return {
    add(editionId, tally) {
      const states = Object.entries(tally).filter(([, count]) => count > 0)
      if (states.length === 0) return
      const sum = sums.get(editionId) ?? {}
      for (const [state, count] of states) sum[state] = (sum[state] ?? 0) + count
      sums.set(editionId, sum)
      // The timer must not keep the process alive.
      timer ??= setTimeout(flush, everyMs).unref()
    },
    flush,
  }
}
