/** Returns a function that calls `call`, and returns at once while an earlier call runs. */
export function skipWhileRunning(call: () => Promise<unknown>): () => Promise<void> {
  let isRunning = false
  return async () => {
    if (isRunning) return
    isRunning = true
    try {
      await call()
    } finally {
      isRunning = false
    }
  }
}
