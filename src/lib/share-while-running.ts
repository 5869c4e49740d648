/** Returns a function that calls `call`. Calls while one runs share its result, so that what begins together asks once. */
export function shareWhileRunning<T>(call: () => Promise<T>): () => Promise<T> {
  let running: Promise<T> | undefined
  return () => {
    running ??= call().finally(() => {
      running = undefined
    })
    return running
  }
}
