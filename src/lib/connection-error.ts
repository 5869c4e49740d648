/**
 * SQLSTATEs that are about the server and not about the statement (PostgreSQL, appendix A): connection exceptions, too many
 * connections, and a server that stops, crashes or starts. 25006: the primary has become a replica.
 */
const SQLSTATE = /^(?:08...|53300|57P0[1-5]|25006)$/
/** Codes of Node's sockets and of its resolver. In a network of containers, a stopped server's name is unknown. */
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
/** What pg and pg-pool say without a code. */
const WORDS =
  /^(?:Connection terminated|timeout exceeded when trying to connect|timeout expired|Query read timeout|Client has encountered a connection error|Connection ended unexpectedly)/

const MOST_CAUSES = 5

/** Whether an error says that a server cannot be reached right now, and so is no bug: the same request may work in a moment. */
export function isConnectionTrouble(error: unknown, depth = 0): boolean {
  if (!(error instanceof Error) || depth > MOST_CAUSES) return false
  const { code } = error as { code?: unknown }
  if (typeof code === 'string' && (SYSTEM.has(code) || SQLSTATE.test(code))) return true
  return WORDS.test(error.message) || isConnectionTrouble(error.cause, depth + 1)
}
