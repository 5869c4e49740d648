import { Ajv2020 } from 'ajv/dist/2020.js'
import { sql } from 'drizzle-orm'
import fc from 'fast-check'
import { expect } from 'vitest'
import { assemble } from '../../../src/edition/draft/assemble.ts'
import { mintToken } from '../../../src/mail/tokens.ts'
import { createApiKey, SCOPES } from '../../../src/operate/api-keys.ts'
import { addEndpoint, queueTest } from '../../../src/operate/webhooks/endpoints.ts'
import { WEBHOOK_EVENTS } from '../../../src/operate/webhooks/events.ts'
import { adminSessions, submissions } from '../../../src/runtime/db/schema.ts'
import { storeUpload } from '../../../src/subscription/uploaded-imports.ts'
import { test as onDatabase } from '../../support/database.ts'
import { addPapers, addReaders, NOON, releasedEdition, servicesOn } from '../../support/services.ts'
import { openSink } from '../../support/sink.ts'
import { siteOn } from '../site.ts'

const ADMIN = 'ak@example.org'
/** The day of an edition that was sent. */
const SENT = '2026-04-10'

const test = onDatabase.extend('site', { scope: 'test' }, async ({ db, databaseUrl }, { onCleanup }) => {
  const sink = await openSink()
  const site = siteOn(servicesOn(db, { DATABASE_URL: databaseUrl, SMTP_URL: sink.url, ADMIN_EMAILS: ADMIN }))
  onCleanup(async () => {
    await site.app.close()
    await sink.close()
  })
  return site
})

/**
 * For every operation of the OpenAPI document, inputs that its schema allows and inputs that it does not. Each response must have a
 * documented status, type and body, and none may be a server error.
 */
type Schema = Record<string, unknown> & {
  type?: string
  enum?: unknown[]
  anyOf?: Schema[]
  properties?: Record<string, Schema>
}
interface Operation {
  parameters?: { name: string; in: 'path' | 'query'; required?: boolean; schema: Schema }[]
  requestBody?: { required?: boolean; content: Record<string, { schema: Schema }> }
  responses: Record<string, { content?: Record<string, { schema: Schema }> }>
}

/** One to accept, another to decline, and one for several at once. */
const SUBMITTED = ['2604.99997', '2604.99998', '2604.99999']

/** Values for the path of an operation that would otherwise leave nothing for another one to find. */
const reserved: [pattern: RegExp, id: fc.Arbitrary<unknown>][] = [
  [/submissions.*accept/, fc.constantFrom(SUBMITTED[1], 'x')],
  [/submissions.*decline/, fc.constantFrom(SUBMITTED[2], 'x')],
  [/imports.*check/, fc.constantFrom('1', '77')],
  [/imports.*start/, fc.constantFrom('2', '77')],
]

const HOSTILE: unknown[] = [
  ...[
    '',
    '0',
    '-1',
    '1e309',
    '99999999999999999999',
    'null',
    '../../etc/passwd',
    "' OR 1=1 --",
    '\u0000',
    '\ufffe\uffff',
  ],
  ...['2026-02-30', '0000-01-01', '9999-12-31', 'a'.repeat(3_000), '__proto__', '{{7*7}}', '%', 'a\ud800'],
  ...[null, 0, -1, 1e300, true, [], {}, [[]], ['\u0000'], { a: { b: 1 } }],
]
const hostile = fc.oneof(fc.constantFrom(...HOSTILE), fc.string({ unit: 'binary', maxLength: 30 }))

/** Values that make an operation find something, by the name of a field. */
const known: Record<string, fc.Arbitrary<unknown>> = {
  date: fc.constantFrom('2026-04-13', '2026-04-14', SENT, SENT),
  states: fc.constantFrom(['unknown'], ['refused', 'expired']),
  kind: fc.constantFrom('daily', 'daily', 'weekly'),
  paper: fc.constantFrom('2604.13000', '2604.14001', 'none'),
  email: fc.constantFrom('reader-1@example.org', 'reader-2@example.org', 'new@example.org', 'no address'),
  cursor: fc.constantFrom('WyJyZWFkZXJzIiwzXQ', 'WyJyZWFkZXJzIl0', 'x'),
  confirmedAt: fc.constant('2026-01-01T00:00:00Z'),
  zone: fc.constant('Europe/Berlin'),
  topics: fc.constant(['agents']),
  keywords: fc.constant(['attention']),
  authors: fc.constant(['Ada Lovelace']),
  organisations: fc.constant(['Google']),
  likePapers: fc.constant(['2604.13000']),
  hour: fc.constant(7),
  weekday: fc.constant(1),
  size: fc.constant(10),
  pausedUntil: fc.constant(null),
  week: fc.constant('2026-W16'),
  from: fc.constant('2020-01-01'),
  to: fc.constantFrom('2030-01-01', ADMIN),
  joinedFrom: fc.constant('2020-01-01'),
  joinedTo: fc.constant('2030-01-01'),
  at: fc.constantFrom('2026-04-15T18:00:00Z', null),
  words: fc.constant('The second paper has another author.'),
  url: fc.constant('https://sponsor.example/'),
  papers: fc.constantFrom([SUBMITTED[0]], ['x']),
  source: fc.constantFrom('hf', 'none'),
  csv: fc.constant('email\nnew@example.org\n'),
  columns: fc.constant([]),
  values: fc.constant([]),
  message: fc.constantFrom('1', '2', '77'),
  text: fc.constant('reader'),
}

/** Values that a schema allows. */
function allowed(schema: Schema, name = ''): fc.Arbitrary<unknown> {
  const own = known[name]
  if (own) return fc.oneof({ weight: 9, arbitrary: own }, { weight: 1, arbitrary: byType(schema) })
  return byType(schema)
}

function byType(schema: Schema): fc.Arbitrary<unknown> {
  if (schema.const !== undefined) return fc.constant(schema.const)
  if (schema.enum) return fc.constantFrom(...schema.enum)
  if (schema.anyOf) return fc.oneof(...schema.anyOf.map((each) => allowed(each)))
  const [least, most] = [Number(schema.minimum ?? 0), Math.min(Number(schema.maximum ?? 30), 30)]
  switch (schema.type) {
    case 'integer':
    case 'number':
      return fc.integer({ min: least, max: Math.max(least, most) })
    case 'boolean':
      return fc.boolean()
    case 'array':
      return fc.array(allowed(schema.items as Schema), { maxLength: 4 })
    case 'object': {
      const fields = Object.entries(schema.properties ?? {}).map(([key, each]) => [key, allowed(each, key)])
      return fc.record(Object.fromEntries(fields), {
        requiredKeys: ((schema.required as string[]) ?? []) as never[],
      })
    }
    case 'null':
      return fc.constant(null)
    case 'string':
      if (schema.pattern === String.raw`^\d{4}-\d{2}-\d{2}$`)
        return fc.constantFrom('2026-04-13', '2026-04-15', '1999-01-01')
      return fc.string({
        minLength: Number(schema.minLength ?? 0),
        maxLength: Math.min(Number(schema.maxLength ?? 20), 20),
      })
    default:
      return hostile
  }
}

/** Mostly an allowed value, sometimes a hostile one, also in one field of an object. */
function mixed(schema: Schema, name = ''): fc.Arbitrary<unknown> {
  const spoiled = fc.tuple(
    allowed(schema, name),
    fc.constantFrom(...Object.keys(schema.properties ?? { x: 0 }), 'other'),
    hostile,
  )
  return fc.oneof(
    { weight: 4, arbitrary: allowed(schema, name) },
    { weight: 1, arbitrary: hostile },
    ...(schema.type === 'object'
      ? [{ weight: 2, arbitrary: spoiled.map(([value, key, bad]) => ({ ...(value as object), [key]: bad })) }]
      : []),
  )
}

const MOST_MORE = 10
const hasSucceeded = (statuses: ReadonlySet<number>) => [...statuses].some((status) => status < 300)

const encoded = (value: unknown) =>
  encodeURIComponent(String(typeof value === 'object' ? JSON.stringify(value) : value).toWellFormed())

test('every response is documented, with its type and body, and none is a server error', async ({ db, site }) => {
  const { app, services } = site
  await addReaders(db, 5)
  await releasedEdition(services, '2026-04-13', 3)
  await releasedEdition(services, SENT, 3)
  await db.execute(sql`UPDATE editions SET state = 'sent' WHERE date = ${SENT}`)
  await addPapers(db, '2026-04-14', 3)
  await assemble(services, { date: '2026-04-14' })
  const submitted = {
    source: 'arxiv',
    title: 'Suggested',
    abstract: 'It works.',
    authors: ['Ada'],
    keywords: [],
    raw: {},
  }
  const suggest = (arxivId: string) =>
    ({
      arxivId,
      state: 'found',
      found: { ...submitted, sourceId: arxivId, listDay: '2026-04-14', listPosition: 0 },
    }) as const
  await db.insert(submissions).values(SUBMITTED.map(suggest))
  await db.execute(
    sql`INSERT INTO suppressions (address_hash, reason) VALUES ('\\x01', 'complaint'), ('\\x02', 'erasure')`,
  )
  // Some to revoke. The fuzz's own keys come later, so that it does not revoke them.
  const revocable = { name: 'other', scopes: ['read'] as const, days: 1, createdBy: 'test' }
  for (let n = 0; n < 40; n++) await createApiKey(services, revocable)
  await db
    .insert(adminSessions)
    .values(Array.from({ length: 3 }, () => ({ address: ADMIN, askedAt: NOON, begunAt: NOON })))
  // Not of an address that the fuzz adds and erases: erasing a person deletes the files that name them.
  const csv = { name: 'list.csv', bytes: Buffer.from('email\nlisted@example.org\n'), uploadedBy: 'test' }
  for (let n = 0; n < 3; n++) await storeUpload(services, csv)
  await db.execute(sql`UPDATE reader_imports SET state = 'checked' WHERE id = 2`)
  const hook = { url: 'https://shop.example/hook', events: WEBHOOK_EVENTS, includeAddresses: false }
  for (let n = 0; n < 3; n++) await queueTest(services, (await addEndpoint(services, hook)).id)
  const keyOf = async (scopes: readonly (typeof SCOPES)[number][]) =>
    (await createApiKey(services, { name: 'fuzz', scopes, days: 1, perMinute: 999_999, createdBy: 'test' })).key
  const full = await keyOf(SCOPES)
  const authorizations = [...Array(12).fill(full), await keyOf(['read']), 'paperboy_x', undefined]
  const token = mintToken(services.keys, 'preferences', 4, NOON)
  const reader = mintToken(services.keys, 'reader', 4, NOON)
  known.token = fc.constantFrom(token, 'x')
  known.id = fc.constantFrom('1', '2', '3', '2604.13000', '77')

  const document = (await app.inject('/api/openapi.json')).json()
  const ajv = new Ajv2020({ strict: false, validateFormats: false })
  const operations = Object.entries<Record<string, Operation>>(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method: method.toUpperCase(), ...operation })),
  )
  // Erased readers and cancelled editions would leave the others nothing to find.
  const isFinal = ({ path, method }: { path: string; method: string }) =>
    method === 'DELETE' || path.endsWith('{date}/{action}')
  operations.sort((a, b) => Number(isFinal(a)) - Number(isFinal(b)))
  expect(operations.length).toBeGreaterThan(65)
  const seen = new Map<string, Set<number>>()

  for (const { path, method, parameters = [], requestBody, responses } of operations) {
    const name = `${method} ${path}`
    const body = requestBody?.content['application/json']?.schema
    const validators = new Map(
      Object.entries(responses).map(([status, { content = {} }]) => [
        Number(status),
        Object.entries(content).map(([type, { schema }]) => ({ type, matches: ajv.compile(schema) })),
      ]),
    )
    const statuses = new Set<number>()
    seen.set(name, statuses)
    const requestOf = (value: typeof mixed) => ({
      inputs: fc.tuple(
        ...parameters.map(
          (each) =>
            reserved.find(([pattern]) => each.in === 'path' && pattern.test(path))?.[1] ??
            value(each.schema, each.name),
        ),
      ),
      given: fc.array(fc.boolean(), { minLength: parameters.length, maxLength: parameters.length }),
      body: body ? fc.option(value(body, ''), { nil: undefined, freq: 8 }) : fc.constant(undefined),
    })
    const wild = fc.record({
      ...requestOf(mixed),
      broken: fc.constantFrom(...Array(12).fill(undefined), '{"a":', 'x'.repeat(20_000), ''),
      type: fc.constantFrom(...Array(9).fill('application/json'), 'text/csv'),
      authorization: fc.constantFrom(...authorizations),
      repeat: fc.constantFrom(...Array(7).fill(undefined), 'one', '', 'two words'),
    })
    const tame = fc.record({
      ...requestOf(allowed),
      broken: fc.constant(undefined),
      type: fc.constant('application/json'),
      authorization: fc.constant(full),
      repeat: fc.constant(undefined),
    })
    type Request = typeof wild extends fc.Arbitrary<infer T> ? T : never
    const check = async ({ inputs, given, body: value, broken, type, authorization, repeat }: Request) => {
      let url = path
      const query: string[] = []
      parameters.forEach((parameter, index) => {
        const text = encoded(inputs[index])
        // An empty part or dots would name another path.
        if (parameter.in === 'path') url = url.replace(`{${parameter.name}}`, /^\.{0,2}$/.test(text) ? 'x' : text)
        else if (parameter.required || given[index]) query.push(`${parameter.name}=${text}`)
      })
      const payload = broken ?? (value === undefined ? undefined : JSON.stringify(value))
      const answer = await app.inject({
        cookies: { '__Host-reader': reader },
        method: method as 'GET',
        url: `${url}?${query.join('&')}`,
        headers: {
          ...(authorization ? { authorization: `Bearer ${authorization}` } : {}),
          ...(repeat === undefined ? {} : { 'idempotency-key': repeat }),
          ...(body && payload !== undefined ? { 'content-type': type } : {}),
        },
        ...(body && payload !== undefined ? { payload } : {}),
      })
      statuses.add(answer.statusCode)
      const told = { name, url, query, payload, status: answer.statusCode, body: answer.body.slice(0, 300) }
      // On a busy machine, composing a digest can take longer than a request may.
      if (answer.statusCode === 503 && answer.headers['retry-after'] !== undefined) return
      expect(answer.statusCode, JSON.stringify(told)).toBeLessThan(500)
      const documented = validators.get(answer.statusCode)
      expect(documented, JSON.stringify(told)).toBeDefined()
      if (documented!.length === 0) {
        expect(answer.body, JSON.stringify(told)).toBe('')
        return
      }
      const sent = String(answer.headers['content-type']).split(';')[0]
      const match = documented!.find((each) => each.type === sent)
      expect(match?.type, JSON.stringify(told)).toBe(sent)
      expect(match!.matches(answer.json()), JSON.stringify({ ...told, errors: match!.matches.errors })).toBe(true)
    }
    await fc.assert(fc.asyncProperty(fc.oneof(wild, tame), check), { numRuns: 80 })
    // An operation that few inputs suit may have met none of them.
    for (let more = 0; more < MOST_MORE && !hasSucceeded(statuses); more++)
      await fc.assert(fc.asyncProperty(tame, check), { numRuns: 40 })
  }
  // The fuzz reaches what each operation is for, not only its errors.
  const never = [...seen].filter(([, statuses]) => !hasSucceeded(statuses)).map(([name]) => name)
  expect(never).toEqual([])
}, 480_000)
