/** No paper nests deeper. Deeper values would overflow the stack, here or in the database. */
const DEEPEST = 60

/** Returns text that a PostgreSQL `text` column accepts: without NUL, and with � for halves of surrogate pairs. */
export const safeText = (text: string): string => text.replaceAll('\0', '').toWellFormed()

/**
 * Returns a JSON value whose strings and keys a `jsonb` column accepts.
 * @throws RangeError when it nests too deep
 */
export function safeJson(value: unknown, depth = 0): unknown {
  if (depth > DEEPEST) throw new RangeError(`is nested more than ${DEEPEST} deep`)
  if (typeof value === 'string') return safeText(value)
  if (Array.isArray(value)) return value.map((item) => safeJson(item, depth + 1))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [safeText(key), safeJson(item, depth + 1)]))
}
