import type { FastifyInstance } from 'fastify'

/** What PostgreSQL's text cannot hold. � stands for it, so that what was cleaned never equals what was not. */
const clean = (text: string): string => text.replaceAll('\0', '\ufffd').toWellFormed()

/** Deeper than anything that a route takes; the validator refuses it. */
const DEEPEST = 50

function cleaned(value: unknown, depth = 0): unknown {
  if (typeof value === 'string') return clean(value)
  if (typeof value !== 'object' || value === null || depth > DEEPEST) return value
  if (Array.isArray(value)) return value.map((item) => cleaned(item, depth + 1))
  const prototype = Object.getPrototypeOf(value)
  // Bytes and streams are for their route to read.
  if (prototype !== null && prototype !== Object.prototype) return value
  return Object.assign(
    Object.create(prototype),
    Object.fromEntries(Object.entries(value).map(([name, item]) => [clean(name), cleaned(item, depth + 1)])),
  )
}

/** Cleans every string of a request (path, query, form, JSON) before it is validated, so that no route has to. */
export function cleanStrings(app: FastifyInstance): void {
  app.addHook('preValidation', async (request) => {
    request.params = cleaned(request.params)
    request.query = cleaned(request.query)
    request.body = cleaned(request.body)
  })
}
