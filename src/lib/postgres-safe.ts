/** Nesting beyond this is no paper; it would exhaust the stack here or in the database. */
const DEEPEST = 60

/** What PostgreSQL's text cannot hold: NUL, and halves of surrogate pairs (shown as �). */
export const safeText = (text: string): string => text.replaceAll('\0', '').toWellFormed()

/**
 * A parsed JSON value as `jsonb` can hold it, otherwise whole.
 * @throws RangeError when it is nested deeper than any paper is
 */
export function safeJson(value: unknown, depth = 0): unknown {
  if (depth > DEEPEST) throw new RangeError(`is nested more than ${DEEPEST} deep`)
  if (typeof value === 'string') return safeText(value)
  if (Array.isArray(value)) return value.map((item) => safeJson(item, depth + 1))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [safeText(key), safeJson(item, depth + 1)]))
}
