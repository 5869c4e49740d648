import { SetupError } from '../embedded/setup-error.ts'
import { PaperboyError } from '../lib/errors.ts'
import { complain } from '../lib/terminal.ts'
import { ConfigError } from './config/config.ts'

/**
 * Runs a service until SIGTERM or SIGINT, then closes what it opened, in reverse. Further signals are heard and ignored while it
 * drains: Ctrl-C reaches npm and its child at once, and npm passes it on a second time.
 *
 * @param start opens everything on the stack it is given; when it throws, what it opened so far is closed
 */
export async function runUntilSignal(start: (stack: AsyncDisposableStack) => Promise<unknown>): Promise<never> {
  const signal = Promise.withResolvers<void>()
  for (const name of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(name, () => signal.resolve())
  const stack = new AsyncDisposableStack()
  try {
    await start(stack)
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

/** What a person at the terminal should read: our own errors' words, with the code of a system's error; a stack only for bugs. */
export function inWords(error: unknown): string {
  if (error instanceof PaperboyError || error instanceof ConfigError || error instanceof SetupError)
    return error.message
  if (!(error instanceof Error)) return String(error)
  // drizzle wraps the database's error in one that quotes the whole statement.
  if (error.name === 'DrizzleQueryError' && error.cause) return inWords(error.cause)
  const { code, address, port } = error as Error & { code?: string; address?: string; port?: number }
  if (code === 'EADDRINUSE') {
    return `Port ${port} on ${address} is taken by another program. Stop it, or choose another with PORT.`
  }
  if (code === 'ECONNREFUSED' && port !== undefined)
    return `Nothing answers at ${address}:${port}. Is the database (DATABASE_URL) running?`
  return error.name === 'Error' && code !== undefined ? `${error.message} (${code})` : (error.stack ?? error.message)
}
