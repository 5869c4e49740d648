import { readFileSync } from 'node:fs'
import { expect } from 'vitest'
import { addPapers, releasedEdition } from '../../support/services.ts'
import { test } from '../site.ts'

test('the API has an OpenAPI document and a page', async ({ site: { app } }) => {
  const document = (await app.inject('/api/openapi.json')).json()
  expect(document.openapi).toBe('3.1.0')
  expect(Object.keys(document.paths)).toContain('/api/v1/subscriptions')
  for (const path of Object.keys(document.paths)) expect(path).toMatch(/^\/api\/v1\//)
  expect(document.paths['/api/v1/subscriptions'].post.requestBody.content['application/json'].schema).toMatchObject({
    properties: { email: { type: 'string' } },
    required: expect.arrayContaining(['email']),
  })
  const page = await app.inject('/api/docs')
  expect(page.statusCode).toBe(200)
  expect(page.body).toContain('/api/v1/subscriptions')
  expect(page.body).not.toMatch(/<script(?![^>]+src=)|style="|onclick/)
})

test('docs/api.md names every request, and its examples answer', async ({ db, site: { app } }) => {
  const page = readFileSync(new URL('../../../docs/api.md', import.meta.url), 'utf8')
  const document = (await app.inject('/api/openapi.json')).json()
  const described = Object.entries<object>(document.paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
  )
  const named = [...page.matchAll(/^\| `([A-Z]+ \/[^`]+)` \|/gm)].map(([, request]) => request)
  expect(named.sort()).toEqual(described.sort())

  await addPapers(db, '2026-04-14', 3)
  const examples = [...page.matchAll(/^ {4}curl http:\/\/localhost:3000(\S+)$/gm)].map(([, path]) => path!)
  expect(examples.length).toBeGreaterThan(1)
  for (const path of examples) expect((await app.inject(path)).statusCode, path).toBe(200)
})

test('each request has a name and a group, as generators of clients need them', async ({ site: { app } }) => {
  const { paths } = (await app.inject('/api/openapi.json')).json() as {
    paths: Record<string, Record<string, Operation>>
  }
  const operations = Object.values(paths).flatMap((methods) => Object.values(methods))
  const names = operations.map(({ operationId }) => operationId)
  expect(new Set(names).size).toBe(operations.length)
  for (const name of names) expect(name).toMatch(/^(get|post|put|patch|delete)[A-Za-z]+$/)
  expect(paths['/api/v1/editions/{kind}/{date}']!.get).toMatchObject({
    operationId: 'getEditionsByKindByDate',
    tags: ['editions'],
  })
})

interface Operation {
  operationId?: string
  parameters?: { name: string; in: string }[]
  requestBody?: object
  responses: object
}

test('a documented 304 comes to a client that has the response, and 422 where a value can be wrong', async ({
  site: { app, services },
}) => {
  await releasedEdition(services)
  const { paths } = (await app.inject('/api/openapi.json')).json() as {
    paths: Record<string, Record<string, Operation>>
  }
  const here: Record<string, string> = { id: '2604.14000', kind: 'daily', date: '2026-04-14' }
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method: method.toUpperCase(), ...operation })),
  )
  const unchanged = operations.filter(({ responses }) => '304' in responses)
  expect(unchanged.length).toBeGreaterThan(5)
  for (const { path } of unchanged) {
    const query = /authors|organisations/.test(path) ? '?name=a' : ''
    const url = path.replace(/\{(\w+)\}/g, (_, name) => here[name]!) + query
    const { statusCode, headers } = await app.inject(url)
    const again = await app.inject({ url, headers: { 'if-none-match': String(headers.etag) } })
    expect([url, statusCode, again.statusCode]).toEqual([url, 200, 304])
  }
  const bare = operations.filter(
    ({ requestBody, parameters = [], responses }) =>
      '422' in responses && !('401' in responses) && !requestBody && parameters.every((each) => each.in === 'path'),
  )
  for (const { method, path } of bare) {
    const replies = await Promise.all(
      ['0', '%20', 'x'.repeat(400)].map((value) =>
        app.inject({ method: method as 'GET', url: path.replace(/\{\w+\}/g, value) }),
      ),
    )
    expect(
      replies.map(({ statusCode }) => statusCode),
      `${method} ${path}`,
    ).toContain(422)
  }
})
