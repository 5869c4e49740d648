import fc from 'fast-check'
import { expect } from 'vitest'
import { addSubscriber, releasedEdition } from '../support/services.ts'
import { signedIn, test } from './admin.ts'
import { routesOf } from './routes.ts'

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
  'topics',
  '__proto__',
  'a[b]',
]
const fields = fc.array(fc.tuple(fc.constantFrom(...NAMES), hostile), { maxLength: 5 })

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

test('no route answers anything with a server error, and none takes long', async ({ site, db }) => {
  const { app, logged } = site
  await addSubscriber(db, 'ada@example.org')
  await releasedEdition(site.services, '2026-04-13', 2)
  // Behind the guard as well as in front of it.
  const { cookies, fields: own } = await signedIn(site)
  await app.ready()
  const routes = routesOf(app)
  expect(routes.map(({ method, path }) => `${method} ${path}`)).toEqual(
    expect.arrayContaining([
      'GET /papers',
      'POST /subscribe',
      'POST /unsubscribe/:token',
      'POST /api/v1/subscriptions',
      'POST /admin/editions/:kind/:date/papers/:paper/:verdict',
    ]),
  )
  const encoded = (text: string) => encodeURIComponent(text.toWellFormed())
  const request = fc.record({
    route: fc.constantFrom(...routes.filter(({ path }) => path !== '*')),
    value: hostile,
    raw: fc.boolean(),
    query: fields,
    body,
    language: fc.constantFrom('de', 'en;q=0', '*', '\u00e9', 'x'.repeat(500)),
  })
  await fc.assert(
    fc.asyncProperty(request, async ({ route, value, raw, query, body, language }) => {
      // Half of the values as a browser would write them, the others as somebody with a socket might.
      const inPath = raw && /^[\x21-\x7e]*$/.test(value) ? value : encoded(value)
      const search = query.map(([name, text]) => `${encoded(name)}=${encoded(text)}`).join('&')
      // And half of them an edition that is there.
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
      // On a busy machine the process may say so; that is an answer, and no error.
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
}, 60_000)
