import { reasonOf } from './connection-error.ts'
import { redact } from './redact.ts'

const MOST_CAUSES = 3

export interface SafeError {
  type: string
  code?: string
  message: string
  stack: string
  cause?: SafeError
}

/**
 * Returns an error that is safe to log: the full stack, and a message without readers' data. drizzle's message quotes the
 * statement's parameters, PostgreSQL's `detail` the row's values, a router's message the URL.
 */
export function safeError(error: unknown, depth = 0): SafeError {
  if (!(error instanceof Error)) return { type: typeof error, message: '', stack: '' }
  const { code } = error as NodeJS.ErrnoException
  return {
    type: error.name,
    ...(code === undefined ? {} : { code }),
    message: safeMessage(reasonOf(error)),
    stack: (error.stack ?? '')
      .split('\n')
      .filter((line) => /^\s+at /.test(line))
      .join('\n'),
    ...(error.cause && depth < MOST_CAUSES ? { cause: safeError(error.cause, depth + 1) } : {}),
  }
}

const safeMessage = (message: string): string =>
  redact(message.split('\nparams:')[0]!).replace(/[A-Za-z0-9_-]{30,}/g, '[token]')
