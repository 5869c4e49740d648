import { AsyncLocalStorage } from 'node:async_hooks'
import { createRequire } from 'node:module'
import { type DestinationStream, type Logger, type LoggerOptions, pino } from 'pino'
import { safeError } from '../lib/safe-error.ts'
import type { Config } from './config/config.ts'

const currentJob = new AsyncLocalStorage<{ job: string; jobId: string }>()

/** Runs a job. Every line that it logs names the job and its id in the queue, however deep the call. */
export const logAsJob = <T>(job: string, jobId: string, run: () => Promise<T>): Promise<T> =>
  currentJob.run({ job, jobId }, run)

/**
 * Opens the log: JSON lines, or readable ones on a terminal. Errors go through safeError: a database error quotes its parameters,
 * which may contain an address.
 *
 * @param isCommand log to stderr: stdout has the result, which may be a file
 */
export function openLog({ LOG_LEVEL }: Pick<Config, 'LOG_LEVEL'>, isCommand = false): Logger {
  const options: LoggerOptions = {
    level: LOG_LEVEL,
    serializers: { err: safeError },
    mixin: () => currentJob.getStore() ?? {},
  }
  const [stream, dest] = isCommand ? [process.stderr, 2] : [process.stdout, 1]
  return pino(options, stream.isTTY ? readableLines(dest) : jsonLines(dest))
}

/** A full disk costs lines, and not the service. */
function jsonLines(destination: number): DestinationStream {
  const open = (): DestinationStream => {
    const stream = pino.destination(destination)
    return stream.on('error', ({ code }: NodeJS.ErrnoException) => {
      if (code === 'EPIPE') return // pino writes no more
      // It keeps what it could not write, and at the exit it would try again for ever.
      stream.destroy()
      if (current === stream) current = open()
    })
  }
  let current = open()
  return { write: (line) => current.write(line) }
}

/** Loads only on a terminal: services in production have none. */
function readableLines(destination: number): DestinationStream {
  const pretty = createRequire(import.meta.url)('pino-pretty') as typeof import('pino-pretty')
  return pretty({ destination, ignore: 'pid,hostname', translateTime: 'SYS:HH:MM:ss', sync: true })
}
