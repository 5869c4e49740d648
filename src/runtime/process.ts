import { isIPv6 } from 'node:net'
import { DrizzleQueryError } from 'drizzle-orm'
import pg from 'pg'
import { SetupError } from '../embedded/setup-error.ts'
import { attemptsOf, isConnectionError, reasonOf } from '../lib/connection-error.ts'
import { PaperboyError } from '../lib/errors.ts'
import { fileProblem } from '../lib/file-problem.ts'
import { redact } from '../lib/redact.ts'
import { safeError } from '../lib/safe-error.ts'
import { printError } from '../lib/terminal.ts'
import { ConfigError } from './config/config.ts'
import { loginProblem } from './db/login-problem.ts'

/**
 * Runs a service until a signal to stop (SIGTERM, SIGINT, SIGHUP), then closes everything in reverse order and exits.
 * It ignores further signals while it drains: Ctrl-C reaches npm and its child at once, and npm forwards it a second time.
 *
 * @param start opens everything on the given stack. If it throws, the stack is closed. Its abort signal fires on the first signal
 *   to stop, also during the start. The reason is the signal's name.
 */
export async function runUntilSignal(
  start: (stack: AsyncDisposableStack, stopping: AbortSignal) => Promise<unknown>,
): Promise<never> {
  const signal = Promise.withResolvers<void>()
  const stopping = new AbortController()
  const stop = (name: NodeJS.Signals) => {
    stopping.abort(name)
    signal.resolve()
  }
  for (const name of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(name, stop)
  // A full disk or a reader that has gone, as of `npm start | head`, is no reason to end a service.
  for (const output of [process.stdout, process.stderr]) output.on('error', () => {})
  const stack = new AsyncDisposableStack()
  try {
    await start(stack, stopping.signal)
    await signal.promise
  } catch (error) {
    // `stopping.throwIfAborted()` ends a start with the signal's name, which is no failure.
    if (error !== stopping.signal.reason) {
      printError(describeError(error))
      process.exitCode = 1
    }
  } finally {
    await stack.disposeAsync().catch((error) => {
      printError(`The service did not stop cleanly: ${describeError(error)}`)
      process.exitCode = 1
    })
  }
  // Everything of ours is closed. A library's open handle must not keep a stopped service alive.
  process.exit()
}

/**
 * Describes an error for the terminal: our own errors by their message, system errors with their code, bugs with a stack.
 * The text never quotes a statement or its parameters, which may contain addresses: terminal output ends up in logs and cron mail.
 */
export function describeError(error: unknown): string {
  if (error instanceof PaperboyError || error instanceof ConfigError || error instanceof SetupError)
    return error.message
  if (!(error instanceof Error)) return String(error)
  // Its message quotes the statement with its parameters. Its name is just "Error".
  if (error instanceof DrizzleQueryError) {
    return error.cause ? describeError(error.cause) : 'A database statement failed without a reason.'
  }
  const {
    code,
    syscall,
    address,
    port,
    setting = 'PORT',
    hostname,
    path,
  } = error as Error & {
    code?: string
    syscall?: string
    address?: string
    port?: number
    setting?: string
    hostname?: string
    path?: string
  }
  if (code === 'EADDRINUSE') {
    return `Port ${port} on ${address} is in use by another program. Stop it, or choose another with ${setting}.`
  }
  if (syscall === 'listen' && code === 'EACCES')
    return `This user may not listen on port ${port}. Choose one from 1024 on with ${setting}.`
  if (syscall === 'listen' && code === 'EADDRNOTAVAIL')
    return `This machine has no address ${address}. Set HOST to one of its own, or to 0.0.0.0 or :: for all.`
  if (syscall === 'getaddrinfo')
    return `No machine is found under the name ${hostname} (${code}). Check DATABASE_URL and HOST.`
  if (address !== undefined && (code === 'ECONNREFUSED' || (code === 'ENOENT' && syscall === 'connect')))
    return `Nothing answers at ${port === undefined ? address : `${isIPv6(address) ? `[${address}]` : address}:${port}`}. Is the database (DATABASE_URL) running?`
  const refused = attemptsOf(error).find((attempt) => attempt.code === 'ECONNREFUSED')
  if (refused !== undefined) return describeError(refused)
  const refusal = loginProblem(error)
  if (refusal !== undefined) return refusal
  if (error instanceof pg.DatabaseError) return `The database refused: ${redact(error.message)} (${code})`
  if (isConnectionError(error)) return `The connection was lost: ${redact(reasonOf(error))}`
  const problem = fileProblem(error)
  if (problem !== undefined && path !== undefined) return `${path} ${problem}.`
  if (error.name === 'Error' && code !== undefined) return `${redact(error.message)} (${code})`
  const { type, message, stack } = safeError(error)
  return `${type}: ${message}\n${stack}`
}
