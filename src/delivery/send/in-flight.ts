/**
 * How many deliveries of this process may be marked and not yet recorded, over all batches in hand: a crash leaves no more than that
 * unknown.
 */
export interface InFlight {
  free(): number
  take(count: number): void
  give(count: number): void
  /** Resolves at the next `give` or `notify`. */
  changed(): Promise<void>
  /** Has everybody who waits look again. */
  notify(): void
  /** Waits until nobody else is alone. @returns what lets the next one be */
  alone(): Promise<() => void>
}

export function openInFlight(most: number): InFlight {
  let taken = 0
  let lonely = Promise.resolve()
  let change = Promise.withResolvers<void>()
  const notify = () => {
    change.resolve()
    change = Promise.withResolvers()
  }
  return {
    free: () => most - taken,
    take(count) {
      taken += count
    },
    give(count) {
      taken -= count
      notify()
    },
    changed: () => change.promise,
    notify,
    alone() {
      const { promise, resolve } = Promise.withResolvers<void>()
      const before = lonely
      lonely = promise
      return before.then(() => resolve)
    },
  }
}
