/**
 * How many deliveries of this process may be marked and not yet recorded, over all batches in hand: a crash leaves no more than that
 * unknown.
 */
export interface Window {
  free(): number
  take(count: number): void
  give(count: number): void
  /** Resolves at the next `give` or `notify`. */
  changed(): Promise<void>
  /** Has everybody who waits look again. */
  notify(): void
}

export function openWindow(most: number): Window {
  let taken = 0
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
  }
}
