interface Kept<T> {
  value: Promise<T>
  /** milliseconds, by the caller's clock */
  at: number
  refreshing: boolean
}

/**
 * Returns a function that reads a value and keeps it for some time. In as much time again, it returns the old value while it reads
 * the new one, so that no request waits. Concurrent calls share one read. A failure is not kept.
 *
 * @param options.ms milliseconds
 * @param options.now the clock, in milliseconds
 */
export function keptFor<T>(read: () => Promise<T>, { ms, now }: { ms: number; now: () => number }): () => Promise<T> {
  let kept: Kept<T> | undefined
  const readNew = (): Kept<T> => {
    const made = { value: read(), at: now(), refreshing: false }
    made.value.catch(() => {
      if (kept === made) kept = undefined
    })
    return made
  }
  const refresh = (old: Kept<T>) => {
    old.refreshing = true
    const made = readNew()
    made.value.then(
      () => {
        if (kept === old) kept = made
      },
      () => {
        old.refreshing = false
      },
    )
  }
  return () => {
    const age = kept ? now() - kept.at : Number.POSITIVE_INFINITY
    if (kept && age >= ms && age < 2 * ms && !kept.refreshing) refresh(kept)
    if (age >= 2 * ms) kept = readNew()
    return kept!.value
  }
}
