/** PostgreSQL's own words for "not now": class 08, and 57P01 to 57P03 while it stops or starts (PostgreSQL manual, appendix A). */
const SQLSTATE = /^(08...|57P0[1-3])$/
const SOCKET = new Set(['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'EHOSTUNREACH', 'ENOTFOUND', 'EAI_AGAIN'])
/** pg gives these errors no code. */
const WITHOUT_CODE = /^(Connection terminated|timeout exceeded when trying to connect|Client has encountered a conn)/

/** Whether an error says that the database cannot be reached, so that the same statement may succeed later. */
export function isDatabaseAway(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  const { code, cause } = error as Error & { code?: string }
  if (code !== undefined && (SQLSTATE.test(code) || SOCKET.has(code))) return true
  return WITHOUT_CODE.test(error.message) || isDatabaseAway(cause)
}
