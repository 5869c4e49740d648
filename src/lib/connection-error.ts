/**
 * SQLSTATEs about the server, not the statement (PostgreSQL manual, appendix A): connection exceptions, too many connections, and a
 * server that stops, crashes or starts. 25006: the primary has become a replica.
 */
const SQLSTATE = /^(?:08...|53300|57P0[1-5]|25006)$/
/** Codes of Node's sockets and resolver. In a container network, the name of a stopped server does not resolve. */
const SYSTEM = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
])
/** Messages of pg and pg-pool errors that have no code. */
const MESSAGE =
  /^(?:Connection terminated|timeout exceeded when trying to connect|timeout expired|Query read timeout|Client has encountered a connection error|Connection ended unexpectedly)/

const MOST_CAUSES = 5

/** Returns whether PostgreSQL ended this statement because it and another one waited for each other (40P01). It may be run again. */
export const isDeadlock = (error: unknown): boolean => (error as { code?: unknown }).code === '40P01'

/** Returns whether an error, or one of its causes, means that a server is unreachable: the same request may succeed later. */
export function isConnectionError(error: unknown, depth = 0): boolean {
  if (!(error instanceof Error) || depth > MOST_CAUSES) return false
  const { code, syscall } = error as { code?: unknown; syscall?: unknown }
  // A stopped server of this machine takes its Unix socket along.
  if (code === 'ENOENT' && syscall === 'connect') return true
  if (typeof code === 'string' && (SYSTEM.has(code) || SQLSTATE.test(code))) return true
  return MESSAGE.test(error.message) || isConnectionError(error.cause, depth + 1)
}

/** Returns the failed attempts of an error that Node throws when each address of a name failed: it has no message of its own. */
export const attemptsOf = (error: Error): NodeJS.ErrnoException[] =>
  error instanceof AggregateError && error.message === '' ? error.errors : []

/** Attempts that a reason names: the first two addresses of each family, since Node alternates between them. */
const MOST_ATTEMPTS = 4

/** What OpenSSL puts around its reason: "…:error:0A00042E:SSL routines:ssl3_read_bytes:tlsv1 alert protocol version:../deps/…". */
const OPENSSL = /^.*?error:[0-9A-F]+:SSL routines:[^:]*:([^:]+):.*$/s

/** Returns an error's message, or those of its attempts: "connect ECONNREFUSED ::1:25, connect ECONNREFUSED 127.0.0.1:25". */
export const reasonOf = (error: Error): string =>
  error.message.replace(OPENSSL, 'TLS fails: $1') ||
  attemptsOf(error).slice(0, MOST_ATTEMPTS).map(reasonOf).join(', ') ||
  error.name
