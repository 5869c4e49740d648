const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

const cleanUps = new Set<() => unknown>()
let ending = false

/** Returns whether a signal is ending this process. Errors of the work that it interrupts then mean nothing. */
export const isEnding = (): boolean => ending

/**
 * Runs a function when a signal such as Ctrl-C ends this process, which would otherwise leave a server or a file behind. Then the
 * process ends by that signal, as a shell expects. The last one registered runs first.
 *
 * @returns ends the registration when it is disposed
 */
export function cleanUpOnSignal(cleanUp: () => unknown): Disposable {
  if (cleanUps.size === 0) for (const signal of SIGNALS) process.on(signal, end)
  cleanUps.add(cleanUp)
  return {
    [Symbol.dispose]() {
      cleanUps.delete(cleanUp)
      if (cleanUps.size === 0) for (const signal of SIGNALS) process.off(signal, end)
    },
  }
}

async function end(signal: NodeJS.Signals): Promise<void> {
  // Another listener lets its work finish, such as the emails in flight.
  if (ending || process.listenerCount(signal) > 1) return
  ending = true
  for (const cleanUp of [...cleanUps].reverse())
    await Promise.resolve()
      .then(cleanUp)
      .catch(() => {})
  process.off(signal, end)
  process.kill(process.pid, signal)
}
