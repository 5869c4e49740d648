import { DrizzleQueryError } from 'drizzle-orm'
import pg from 'pg'
import { SetupError } from '../embedded/setup-error.ts'
import { isConnectionTrouble } from '../lib/connection-trouble.ts'
import { PaperboyError } from '../lib/errors.ts'
import { redact } from '../lib/redact.ts'
import { safeError } from '../lib/safe-error.ts'
import { complain } from '../lib/terminal.ts'
import { ConfigError } from './config/config.ts'

/**
 * Runs a service until SIGTERM or SIGINT, then closes what it opened, in reverse. Further signals are heard and ignored while it
 * drains: Ctrl-C reaches npm and its child at once, and npm passes it on a second time.
 *
 * @param start opens everything on the stack it is given; when it throws, what it opened so far is closed. Its signal is aborted
 *   when the process is to stop, also while it still starts.
 */
export async function runUntilSignal(
  start: (stack: AsyncDisposableStack, stopping: AbortSignal) => Promise<unknown>,
): Promise<never> {
  const signal = Promise.withResolvers<void>()
  const stopping = new AbortController()
  const stop = () => {
    stopping.abort()
    signal.resolve()
  }
  for (const name of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(name, stop)
  const stack = new AsyncDisposableStack()
  try {
    await start(stack, stopping.signal)
    await signal.promise
  } catch (error) {
    complain(inWords(error))
    process.exitCode = 1
  } finally {
    await stack.disposeAsync().catch((error) => {
      complain(`Stopping was not clean: ${inWords(error)}`)
      process.exitCode = 1
    })
  }
  // All of ours is closed; a library's forgotten handle must not keep a stopped service alive.
  process.exit()
}

/**
 * An error as a person at the terminal should read it: our own errors' words, a system error's with its code, a stack only for bugs.
 * Never a statement or its parameters, which may hold addresses: a terminal's output ends in logs and in cron's mail.
 */
export function inWords(error: unknown): string {
  if (error instanceof PaperboyError || error instanceof ConfigError || error instanceof SetupError)
    return error.message
  if (!(error instanceof Error)) return String(error)
  // It quotes the whole statement with its parameters, and its name is plainly "Error".
  if (error instanceof DrizzleQueryError) {
    return error.cause ? inWords(error.cause) : 'A database statement failed without a reason.'
  }
  const { code, address, port } = error as Error & { code?: string; address?: string; port?: number }
  if (code === 'EADDRINUSE') {
    return `Port ${port} on ${address} is taken by another program. Stop it, or choose another with PORT.`
  }
  if (code === 'ECONNREFUSED' && port !== undefined)
    return `Nothing answers at ${address}:${port}. Is the database (DATABASE_URL) running?`
  if (error instanceof pg.DatabaseError) return `The database refused: ${redact(error.message)} (${code})`
  if (isConnectionTrouble(error)) return `The connection was lost: ${redact(error.message)}`
  if (error.name === 'Error' && code !== undefined) return `${redact(error.message)} (${code})`
  const { type, message, stack } = safeError(error)
  return `${type}: ${message}\n${stack}`
}
