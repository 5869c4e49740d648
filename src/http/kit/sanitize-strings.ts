import type { FastifyInstance } from 'fastify'

/** What PostgreSQL's text cannot hold. � stands for it, so that what was cleaned never equals what was not. */
const clean = (text: string): string => text.replaceAll('\0', '\ufffd').toWellFormed()

/** Deeper than anything that a route takes; the validator refuses it. */
const DEEPEST = 50

function cleaned(value: unknown, depth = 0): unknown {
  if (typeof value === 'string') return clean(value)
  if (Array.isArray(value) && depth < DEEPEST) return value.map((item) => cleaned(item, depth + 1))
  if (!isRecord(value) || depth >= DEEPEST) return value
  for (const [name, item] of Object.entries(value)) {
    const [newName, newItem] = [clean(name), cleaned(item, depth + 1)]
    if (newName !== name) delete value[name]
    // Never an assignment: a field may be named __proto__.
    Object.defineProperty(value, newName, { value: newItem, enumerable: true, writable: true, configurable: true })
  }
  return value
}

/** Parsed fields, and not bytes or a stream, which are for their route to read. Parsers make some without Object's prototype. */
function isRecord(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false
  const prototype = Object.getPrototypeOf(value)
  return prototype === null || Object.getPrototypeOf(prototype) === null
}

/** Cleans every string of a request (path, query, form, JSON) before it is validated, so that no route has to. */
export function sanitizeStrings(app: FastifyInstance): void {
  app.addHook('preValidation', async (request) => {
    request.params = cleaned(request.params)
    request.query = cleaned(request.query)
    request.body = cleaned(request.body)
  })
}
