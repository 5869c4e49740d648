import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import fc from 'fast-check'
import type { FastifyInstance, RouteOptions } from 'fastify'
import { expect, onTestFinished } from 'vitest'
import { assemble } from '../../src/edition/draft/assemble.ts'
import { mintToken } from '../../src/mail/tokens.ts'
import { submissions } from '../../src/runtime/db/schema.ts'
import { addPapers, addSubscriber, NOON, releasedEdition } from '../support/services.ts'
import { signedIn, test } from './admin.ts'
import { routesOf } from './routes.ts'
import { siteOn } from './site.ts'

/** Days that JavaScript accepts and PostgreSQL does not, and days whose next week is out of range. */
const YEARS = [
  '0000-01-01',
  '0000-12-31',
  '0001-01-01',
  '9999-12-31',
  '0000-W01',
  '0000-01',
  '9999-W52',
  '0000-01-01T00:00:00Z',
]
/** Characters that a string can hold, but PostgreSQL's text or XML cannot. */
const ODD = ['a\u0000b', '\ufffe\uffff', 'a\ud800', '\u0008']

const hostile = fc.oneof(
  fc.constantFrom(
    '',
    '0',
    '-1',
    '1e309',
    '99999999999999999999',
    'null',
    '%00',
    '%',
    '%ff%fe',
    '../../etc/passwd',
    "' OR 1=1 --",
    '<script>alert(1)</script>',
    '\u0000',
    '\ud800',
    '2026-02-30',
    '2026-04-14',
    '2026-W99',
    '0000-00',
    ...YEARS,
    ...ODD,
    'a'.repeat(3_000),
    '𝕏'.repeat(50),
    '{{7*7}}',
    'AAAA.BBBB.CCCC',
    '[object Object]',
    '__proto__',
  ),
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.string({ maxLength: 40 }),
)
const NAMES = [
  'q',
  'date',
  'week',
  'month',
  'after',
  'limit',
  'topic',
  'page',
  'email',
  'zone',
  'hour',
  'size',
  'paper',
  'cadence',
  'from',
  'to',
  'note',
  'before',
  'kind',
  'code',
  'pausedUntil',
  'topics',
  '__proto__',
  'a[b]',
]
const fields = fc.array(fc.tuple(fc.constantFrom(...NAMES), hostile), { maxLength: 5 })

const encoded = (text: string) => encodeURIComponent(text.toWellFormed())

const body = fc.oneof(
  fc.constant(undefined),
  fields.map((pairs) => ({
    type: 'application/x-www-form-urlencoded',
    text: pairs.map((pair) => pair.map((text) => encodeURIComponent(text.toWellFormed())).join('=')).join('&'),
  })),
  fc.jsonValue({ maxDepth: 4 }).map((value) => ({ type: 'application/json', text: JSON.stringify(value) })),
  fields.map((pairs) => ({ type: 'application/json', text: JSON.stringify(Object.fromEntries(pairs)) })),
  fc.record({
    type: fc.constantFrom('text/plain', 'multipart/form-data', 'application/json', 'application/xml', ''),
    text: fc.string({ maxLength: 60 }),
  }),
)

/** A stream of events stays open: test/http/desk.test.ts reads it. */
const isAnswered = ({ path }: { path: string }) => path !== '*' && !path.endsWith('/events')

test('no route answers with a server error or takes long', async ({ site, db }) => {
  const { app, logged } = site
  await addSubscriber(db, 'ada@example.org')
  await releasedEdition(site.services, '2026-04-13', 2)
  // Both signed in and signed out.
  const { cookies, fields: own } = await signedIn(site)
  await app.ready()
  const routes = routesOf(app).filter(isAnswered)
  expect(routes.map(({ method, path }) => `${method} ${path}`)).toEqual(
    expect.arrayContaining([
      'GET /papers',
      'POST /subscribe',
      'POST /unsubscribe/:token',
      'POST /api/v1/subscriptions',
      'POST /admin/editions/:kind/:date/papers/:paper/:verdict',
    ]),
  )
  const request = fc.record({
    route: fc.constantFrom(...routes),
    value: hostile,
    raw: fc.boolean(),
    query: fields,
    body,
    language: fc.constantFrom('de', 'en;q=0', '*', '\u00e9', 'x'.repeat(500)),
  })
  await fc.assert(
    fc.asyncProperty(request, async ({ route, value, raw, query, body, language }) => {
      // Half of the values encoded as by a browser, the others raw.
      const inPath = raw && /^[\x21-\x7e]*$/.test(value) ? value : encoded(value)
      const search = query.map(([name, text]) => `${encoded(name)}=${encoded(text)}`).join('&')
      // Half of them name an existing edition.
      const path = raw ? route.path.replace(':kind/:date', 'daily/2026-04-13') : route.path
      const url = `${path.replace(/:[A-Za-z]+/g, inPath).replaceAll('*', inPath)}?${search}`
      const answer = await app.inject({
        method: route.method as 'GET',
        url,
        ...(route.path.startsWith('/admin') ? { cookies } : {}),
        headers: {
          'accept-language': language,
          'csrf-token': own._csrf,
          ...(body?.type ? { 'content-type': body.type } : {}),
        },
        ...(body && route.method !== 'GET' && route.method !== 'HEAD' ? { payload: body.text } : {}),
      })
      // Load shedding on a busy machine is a valid answer.
      const busy = answer.statusCode === 503 && answer.headers['retry-after'] !== undefined
      expect({ method: route.method, url, body, status: busy ? 429 : answer.statusCode }).toMatchObject({
        status: expect.toSatisfy((status: number) => status < 500, 'no server error'),
      })
      expect(answer.body).not.toContain('<script>alert(1)</script>')
    }),
    {
      numRuns: 600,
      examples: [
        [
          {
            route: { method: 'GET', path: '/api/v1/search' },
            value: '',
            raw: false,
            query: [['topic', '\0']],
            body: undefined,
            language: 'de',
          },
        ],
      ],
    },
  )
  expect(logged()).not.toContain('ada@example.org')
}, 240_000)

/** What this test needs to know of zod's schemas. */
interface ZodSchema {
  shape?: Record<string, unknown>
  def?: { innerType?: ZodSchema; in?: ZodSchema; left?: ZodSchema; right?: ZodSchema }
}

/** Returns the names of the fields that a schema reads. One that takes any name reads all of ours. */
function namesIn({ shape, def = {} }: ZodSchema): string[] {
  if (shape) return Object.keys(shape)
  if (def.left && def.right) return [...namesIn(def.left), ...namesIn(def.right)]
  const inner = def.innerType ?? def.in
  return inner ? namesIn(inner) : NAMES
}

interface Route {
  method: string
  path: string
  /** those of its query for GET, and of its body otherwise */
  fields: string[]
}

/** Returns a list of the routes of the apps that the test builds from now on. */
function recordRoutes(): Route[] {
  const routes: Route[] = []
  const record = ({ method, url, schema }: RouteOptions) => {
    for (const each of [method].flat()) {
      const read = (each === 'GET' ? schema?.querystring : schema?.body) as ZodSchema | undefined
      routes.push({ method: each, path: url, fields: read ? namesIn(read) : [] })
    }
  }
  const onOpen = (message: unknown) => (message as { fastify: FastifyInstance }).fastify.addHook('onRoute', record)
  subscribe('fastify.initialization', onOpen)
  onTestFinished(() => void unsubscribe('fastify.initialization', onOpen))
  return routes
}

test('no route fails on days or characters that the database cannot store', async ({ site: { services }, db }) => {
  const routes = recordRoutes()
  const site = siteOn(services)
  const { app } = site
  onTestFinished(() => app.close())
  const reader = await addSubscriber(db, 'ada@example.org')
  await releasedEdition(services, '2026-04-13', 2)
  await addPapers(db, '2026-04-14', 2)
  await assemble(services, { date: '2026-04-14' })
  await db.insert(submissions).values({ arxivId: '2604.99999', state: 'found', found: { title: 'x' } })
  const { cookies } = await signedIn(site)
  cookies['__Host-reader'] = mintToken(services.keys, 'reader', reader, NOON)
  await app.ready()
  const purposes = {
    preferences: 'preferences',
    votes: 'vote',
    vote: 'vote',
    unsubscribe: 'unsubscribe',
    confirm: 'confirm',
    manage: 'manage',
    change: 'change',
  } as const
  const known: Record<string, string> = {
    kind: 'daily',
    date: '2026-04-14',
    paper: '2604.14000',
    verdict: 'pick',
    id: '2604.14000',
    word: 'decline',
    link: 'paper',
  }
  const tokenFor = (path: string) => {
    const purpose = Object.entries(purposes).find(([part]) => path.includes(`/${part}/`))?.[1]
    return purpose ? mintToken(services.keys, purpose as 'vote', reader, NOON) : 'x'
  }
  let asked = 0
  for (const { method, path, fields: own } of routes.filter((route) => isAnswered(route) && route.method !== 'HEAD')) {
    const names = [...path.matchAll(/:([A-Za-z]+)/g)].map(([, name]) => name!)
    for (const value of ['0000-01-01', '9999-12-31', '0000-01-01T00:00:00Z', 'a\0b', '\ufffe\uffff\ud800']) {
      // Each parameter in turn, with valid others; then each field that the route reads, and all fields at once.
      for (const odd of [...names, undefined]) {
        const at = path.replace(/:([A-Za-z]+)/g, (_, name: string) =>
          encoded(name === odd ? value : name === 'token' ? tokenFor(path) : (known[name] ?? 'x')),
        )
        const fields = odd === undefined ? own : []
        const form = (names: string[]) => names.map((name) => `${encoded(name)}=${encoded(value)}`).join('&')
        const all = odd === undefined ? form([...new Set([...own, ...NAMES])]) : ''
        for (const query of method === 'GET' ? [all, ...fields.map((name) => form([name]))] : [all]) {
          const bodies =
            method === 'GET' ? [undefined] : [all, ...fields.map((name) => JSON.stringify({ [name]: value }))]
          for (const payload of bodies) {
            const type = payload?.startsWith('{') ? 'application/json' : 'application/x-www-form-urlencoded'
            const answer = await app.inject({
              method: method as 'GET',
              url: `${at}?${query}`,
              cookies,
              ...(payload === undefined ? {} : { payload, headers: { 'content-type': type } }),
            })
            asked++
            const busy = answer.statusCode === 503 && answer.headers['retry-after'] !== undefined
            expect({ method, at, query, payload, fine: busy || answer.statusCode < 500 }).toEqual({
              method,
              at,
              query,
              payload,
              fine: true,
            })
          }
        }
      }
    }
  }
  expect(routes.find(({ method, path }) => method === 'POST' && path === '/subscribe')?.fields).toContain('email')
  expect(asked).toBeGreaterThan(2_000)
}, 420_000)
