import { expect, onTestFinished } from 'vitest'
import { mintToken } from '../../../src/mail/tokens.ts'
import { createApiKey, SCOPES } from '../../../src/operate/api-keys.ts'
import { test } from '../../support/database.ts'
import { addSubscriber, NOON, servicesOn } from '../../support/services.ts'
import { siteOn } from '../site.ts'

interface Operation {
  parameters?: { name: string; in: string; schema: { enum?: string[] } }[]
}

const ADMIN = 'ak@example.org'

/** Names of things that are not there. */
const UNKNOWN: Record<string, string> = {
  ...{ kind: 'daily', date: '2001-01-01', id: '999999', paper: '0101.00001', message: '999999' },
  ...{ source: 'none', token: 'none' },
}

/** Bodies that the requests require, by the end of their path. */
const BODIES: [RegExp, object][] = [
  [/test$/, { to: ADMIN }],
  [/wording$/, { note: 'Hello.' }],
  [/schedule$/, { at: null }],
  [/corrections$/, { words: 'A correction.' }],
  [/deliveries\/again$/, { states: ['refused'] }],
  [/date}\/papers$/, { paper: '0101.00001' }],
]

test('every request below something that is not there answers 404', async ({ db, databaseUrl }) => {
  const { app, services } = siteOn(servicesOn(db, { DATABASE_URL: databaseUrl, ADMIN_EMAILS: ADMIN }))
  onTestFinished(() => app.close())
  const made = await createApiKey(services, { name: 'shop', scopes: [...SCOPES], days: 1, createdBy: 'test' })
  const reader = mintToken(services.keys, 'reader', await addSubscriber(db, 'ada@example.org'), NOON)
  const { paths } = (await app.inject('/api/openapi.json')).json()
  const operations = Object.entries<Record<string, Operation>>(paths).flatMap(([path, methods]) =>
    Object.entries(methods).flatMap(([method, { parameters = [] }]) => {
      const named = parameters.filter((each) => each.in === 'path')
      return named.length === 0 ? [] : [{ path, method, named }]
    }),
  )
  expect(operations.length).toBeGreaterThan(30)
  const found: string[] = []
  for (const { path, method, named } of operations) {
    const url = named.reduce(
      (at, { name, schema }) => at.replace(`{${name}}`, UNKNOWN[name] ?? schema.enum!.at(-1)!),
      path,
    )
    const payload = BODIES.find(([pattern]) => pattern.test(path))?.[1]
    const { statusCode } = await app.inject({
      method: method.toUpperCase() as 'GET',
      url,
      headers: { authorization: `Bearer ${made.key}` },
      cookies: { '__Host-reader': reader },
      ...(method === 'get' || method === 'delete' ? {} : { payload: payload ?? {} }),
    })
    if (statusCode !== 404) found.push(`${method} ${path}: ${statusCode}`)
  }
  expect(found).toEqual([])
})
