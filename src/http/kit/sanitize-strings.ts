import type { FastifyInstance } from 'fastify'

/** Replaces what PostgreSQL's `text` cannot store by �. Removing it could make two different strings equal. */
const clean = (text: string): string => text.replaceAll('\0', '\ufffd').toWellFormed()

/** Deeper than any route accepts. The validator rejects the rest. */
const DEEPEST = 50

function cleaned(value: unknown, depth = 0): unknown {
  if (typeof value === 'string') return clean(value)
  if (Array.isArray(value) && depth < DEEPEST) return value.map((item) => cleaned(item, depth + 1))
  if (!isRecord(value) || depth >= DEEPEST) return value
  for (const [name, item] of Object.entries(value)) {
    const [newName, newItem] = [clean(name), cleaned(item, depth + 1)]
    if (newName !== name) delete value[name]
    // Assignment would set the prototype for a field named __proto__.
    Object.defineProperty(value, newName, { value: newItem, enumerable: true, writable: true, configurable: true })
  }
  return value
}

/** True for parsed fields, which may have no prototype. False for buffers and streams, which routes read themselves. */
function isRecord(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false
  const prototype = Object.getPrototypeOf(value)
  return prototype === null || Object.getPrototypeOf(prototype) === null
}

/** Cleans every string of a request (path, query, form, JSON) before validation, so that routes need not. */
export function sanitizeStrings(app: FastifyInstance): void {
  app.addHook('preValidation', async (request) => {
    request.params = cleaned(request.params)
    request.query = cleaned(request.query)
    request.body = cleaned(request.body)
  })
}
