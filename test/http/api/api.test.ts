import { gzipSync } from 'node:zlib'
import { describe, expect } from 'vitest'
import { subscribers } from '../../../src/runtime/db/schema.ts'
import { test } from '../site.ts'

describe('POST /api/v1/subscriptions', () => {
  const post = { method: 'POST', url: '/api/v1/subscriptions' } as const

  test('accepts an address', async ({ db, site: { app } }) => {
    const reply = await app.inject({ ...post, payload: { email: 'ada@example.org', zone: 'Asia/Tokyo' } })
    expect(reply.statusCode).toBe(202)
    expect(reply.json()).toEqual({ status: 'check your inbox' })
    expect((await db.select().from(subscribers))[0]).toMatchObject({ zone: 'Asia/Tokyo', status: 'pending' })
  })

  test('names the field of a bad address', async ({ site: { app } }) => {
    const reply = await app.inject({ ...post, payload: { email: 'ada' } })
    expect(reply.statusCode).toBe(422)
    expect(reply.headers['content-type']).toContain('application/problem+json')
    expect(reply.json()).toMatchObject({
      title: 'Unprocessable Entity',
      status: 422,
      code: 'BAD_ADDRESS',
      errors: [{ field: 'email', message: expect.stringContaining('@') }],
    })
  })

  test.for([{}, { email: 7 }, { email: null }])('names the field of %o', async (payload, { site: { app } }) => {
    const reply = await app.inject({ ...post, payload })
    expect(reply.statusCode).toBe(422)
    expect(reply.json().errors[0].field).toBe('email')
  })

  test.for([
    ['application/json', '{"email":', 400],
    ['application/json', '[]', 422],
    ['text/csv', 'email', 415],
  ] as const)('answers a problem to %s %s', async ([type, payload, status], { site: { app } }) => {
    const reply = await app.inject({ ...post, headers: { 'content-type': type }, payload })
    expect(reply.statusCode).toBe(status)
    expect(reply.json()).toMatchObject({ status, title: expect.any(String), detail: expect.any(String) })
  })

  test.for(['gzip', 'br', 'gzip, identity', 'x'])(
    'refuses a body with Content-Encoding: %s, which it does not decode',
    async (encoding, { db, site: { app } }) => {
      const headers = { 'content-type': 'application/json', 'content-encoding': encoding }
      for (const payload of [gzipSync('{"email":"ada@example.org"}'), '{"email":"ada@example.org"}']) {
        const reply = await app.inject({ ...post, headers, payload })
        expect([reply.statusCode, reply.headers['accept-encoding']]).toEqual([415, 'identity'])
        expect(reply.json()).toMatchObject({ status: 415, detail: expect.stringContaining('Content-Encoding') })
      }
      expect(await db.$count(subscribers)).toBe(0)
      const plain = { ...headers, 'content-encoding': 'Identity' }
      expect((await app.inject({ ...post, headers: plain, payload: '{"email":"ada@example.org"}' })).statusCode).toBe(
        202,
      )
      expect(
        (await app.inject({ url: '/api/v1/challenge', headers: { 'content-encoding': encoding } })).statusCode,
      ).toBe(200)
    },
  )

  test.for([
    ['{"email":"ada@example.org",}', 'at position 27 (line 1, column 28)'],
    ['{"email":\n ada@example.org}', 'Unexpected character at position 11 (line 2, column 2)'],
    ["'ada@example.org'", 'Unexpected character at position 0 (line 1, column 1)'],
    ['{"email":"ada@example.org"} x', 'at position 28'],
    ['{"email":"ada@example.org', 'Unterminated string at position 25'],
    ['{"email":', 'It ends too early'],
    ['{"__proto__":{"ada@example.org":1}}', '__proto__'],
  ] as const)(
    'says where the invalid JSON %s breaks, and quotes nothing of it',
    async ([payload, where], { site: { app } }) => {
      const reply = await app.inject({ ...post, headers: { 'content-type': 'application/json' }, payload })
      expect(reply.statusCode).toBe(400)
      expect(reply.json().detail).toContain(where)
      expect(reply.body).not.toContain('example.org')
    },
  )

  test('rejects more than 16 KB with a problem document', async ({ site: { app } }) => {
    const reply = await app.inject({ ...post, payload: { email: 'a'.repeat(20_000) } })
    expect(reply.statusCode).toBe(413)
    expect(reply.json().status).toBe(413)
  })
})

test('an unknown path under /api gets a problem document, not a page', async ({ site: { app } }) => {
  const reply = await app.inject('/api/v1/nothing')
  expect(reply.statusCode).toBe(404)
  expect(reply.headers['content-type']).toContain('application/problem+json')
})

test('a malformed URL under /api gets a problem document', async ({ site: { app } }) => {
  const reply = await app.inject('/api/v1/papers/%ff%fe')
  expect([reply.statusCode, reply.json().status]).toEqual([400, 400])
  expect(reply.headers['content-type']).toContain('application/problem+json')
})

test('a list of a day and of a week at once is refused, naming both', async ({ site: { app } }) => {
  for (const [query, field, other] of [
    ['date=2026-04-14&week=2026-W16', 'week', 'date'],
    ['month=2026-04&week=2026-W16', 'month', 'week'],
  ] as const) {
    const reply = await app.inject(`/api/v1/papers?${query}`)
    expect(reply.statusCode).toBe(422)
    expect(reply.json().errors).toEqual([{ field, message: expect.stringContaining(other) }])
  }
})
