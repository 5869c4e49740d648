/**
 * Limits how many deliveries of this process are marked but not yet recorded, over all its batches. After a crash, no more than these
 * are unknown.
 */
export interface InFlight {
  free(): number
  acquire(count: number): void
  release(count: number): void
  /** Resolves at the next `release` or `notify`. */
  changed(): Promise<void>
  /** Wakes everything that waits for `changed`. */
  notify(): void
  /** Waits for an exclusive turn. Returns the function that ends it. */
  exclusive(): Promise<() => void>
}

export function openInFlight(limit: number): InFlight {
  let used = 0
  let lastTurn = Promise.resolve()
  let change = Promise.withResolvers<void>()
  const notify = () => {
    change.resolve()
    change = Promise.withResolvers()
  }
  return {
    free: () => limit - used,
    acquire(count) {
      used += count
    },
    release(count) {
      used -= count
      notify()
    },
    changed: () => change.promise,
    notify,
    exclusive() {
      const { promise, resolve } = Promise.withResolvers<void>()
      const before = lastTurn
      lastTurn = promise
      return before.then(() => resolve)
    },
  }
}
