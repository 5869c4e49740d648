import type { Logger } from 'pino'

/** A server that is down fails many times a second; one line in this time says the same. */
const QUIET_MS = 10_000

/**
 * Logs what goes wrong with a connection, naming it, at most once in ten seconds; the next line says how often it went wrong since.
 *
 * @param connection "database", "queue (Redis)"; what an operator looks for
 * @param clock milliseconds that never go back
 */
export function reportTrouble(
  log: Pick<Logger, 'warn'>,
  connection: string,
  clock: () => number = () => performance.now(),
): (error: Error) => void {
  let silentUntil = Number.NEGATIVE_INFINITY
  let unreported = 0
  return (error) => {
    if (clock() < silentUntil) {
      unreported++
      return
    }
    log.warn({ connection, err: error, ...(unreported > 0 ? { repeated: unreported } : {}) }, 'connection trouble')
    silentUntil = clock() + QUIET_MS
    unreported = 0
  }
}
