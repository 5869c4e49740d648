import type { FastifyInstance } from 'fastify'

/** Replaces what PostgreSQL's `text` cannot store by �. Removing it could make two different strings equal. */
const clean = (text: string): string => text.replaceAll('\0', '\ufffd').toWellFormed()

/** Deeper than any route accepts. The validator rejects the rest. */
const DEEPEST = 50

/** A browser counts a line break of a text as one character, for `maxlength`, and sends it as two. */
const cleanTyped = (text: string): string => clean(text).replaceAll('\r\n', '\n')

function cleaned(value: unknown, cleanText = clean, depth = 0): unknown {
  if (typeof value === 'string') return cleanText(value)
  if (Array.isArray(value) && depth < DEEPEST) return value.map((item) => cleaned(item, cleanText, depth + 1))
  if (!isRecord(value) || depth >= DEEPEST) return value
  for (const [name, item] of Object.entries(value)) {
    const [newName, newItem] = [clean(name), cleaned(item, cleanText, depth + 1)]
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
    const isForm = request.headers['content-type']?.startsWith('application/x-www-form-urlencoded')
    request.body = cleaned(request.body, isForm ? cleanTyped : clean)
  })
}
