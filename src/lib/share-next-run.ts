/**
 * Returns a function that calls `call`. Calls while one runs share the next run, which begins once that one has ended: what each caller
 * did before is seen by a whole run.
 */
export function shareNextRun<T>(call: () => Promise<T>): () => Promise<T> {
  let running: Promise<T> | undefined
  let next: Promise<T> | undefined
  const start = () => {
    next = undefined
    const run = call().finally(() => {
      if (running === run) running = undefined
    })
    running = run
    return run
  }
  return () => {
    if (running === undefined && next === undefined) return start()
    next ??= running!.then(start, start)
    return next
  }
}
