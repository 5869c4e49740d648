import type { Logger } from 'pino'
import { isDeadlock } from './connection-error.ts'

/** A stopped server fails many times a second, so a connection gets one log line in this time. */
const QUIET_MS = 10_000

/** The connection is well. What the statement was for comes again: a wake by its schedule, a job once its lock ends. */
const DEADLOCK = 'deadlock with another statement; its work is done again'

/**
 * Returns a listener that logs a connection's errors, at most one line in ten seconds. The next line counts the errors in between.
 *
 * @param connection its name for operators: "database", "queue (Redis)"
 * @param clock monotonic, in milliseconds
 */
export function logConnectionErrors(
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
    log.warn(
      { connection, err: error, ...(unreported > 0 ? { repeated: unreported } : {}) },
      isDeadlock(error) ? DEADLOCK : 'connection error',
    )
    silentUntil = clock() + QUIET_MS
    unreported = 0
  }
}
