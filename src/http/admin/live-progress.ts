import { countLive, type LiveCounts } from '../../delivery/ledger/delivery-report.ts'
import type { Services } from '../../runtime/services.ts'

/** Streams that one process serves. The page of a further one is reloaded by hand. */
export const MOST_LISTENERS = 100

/** Counting a million deliveries takes 0.2 s, so the pause grows with the time that a count took. */
const PAUSE_MS = 2_000
const PAUSE_TIMES = 10

interface Listener {
  /** new counts, or undefined: nothing changed, and the connection must not look dead */
  onCounts(counts: LiveCounts | undefined): void
  /** no more follow */
  onEnd(): void
}

/** Counts the deliveries of the editions that pages watch: one statement at a time in the process, however many watch. */
export interface LiveProgress {
  /** @returns the function that ends it; undefined when there are too many listeners */
  watch(editionId: number, listener: Listener): (() => void) | undefined
  /** Ends all streams, and counts no more. */
  close(): void
}

export function openLiveProgress({ db, config, log }: Pick<Services, 'db' | 'config' | 'log'>): LiveProgress {
  const watched = new Map<number, Set<Listener>>()
  const latest = new Map<number, string>()
  let timer: NodeJS.Timeout | undefined
  let polling = false
  let closed = false
  const size = () => [...watched.values()].reduce((sum, own) => sum + own.size, 0)

  async function poll(): Promise<void> {
    polling = true
    const begun = performance.now()
    try {
      const counts = await countLive({ db }, [...watched.keys()], config.UNKNOWN_POLICY)
      for (const [editionId, listeners] of watched) tell(editionId, listeners, counts.get(editionId))
    } catch (error) {
      log.warn({ err: error }, 'counting deliveries for the desk failed')
    }
    polling = false
    if (watched.size === 0 || closed) return
    timer = setTimeout(poll, Math.max(PAUSE_MS, (performance.now() - begun) * PAUSE_TIMES))
    timer.unref()
  }

  function tell(editionId: number, listeners: Set<Listener>, counts: LiveCounts | undefined): void {
    if (counts === undefined) return
    const written = JSON.stringify(counts)
    const isNew = latest.get(editionId) !== written
    latest.set(editionId, written)
    for (const listener of [...listeners]) listener.onCounts(isNew ? counts : undefined)
  }

  return {
    watch(editionId, listener) {
      if (closed || size() >= MOST_LISTENERS) return undefined
      const own = watched.get(editionId) ?? new Set()
      watched.set(editionId, own.add(listener))
      const known = latest.get(editionId)
      if (known !== undefined) listener.onCounts(JSON.parse(known))
      if (watched.size === 1 && own.size === 1 && !polling) {
        clearTimeout(timer)
        void poll()
      }
      return () => {
        own.delete(listener)
        if (own.size > 0 || watched.get(editionId) !== own) return
        watched.delete(editionId)
        latest.delete(editionId)
      }
    },
    close() {
      closed = true
      clearTimeout(timer)
      for (const own of watched.values()) for (const listener of [...own]) listener.onEnd()
      watched.clear()
    },
  }
}
