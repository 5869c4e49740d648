import { describe, expect } from 'vitest'
import { outbox, subscribers } from '../../src/db/schema.ts'
import { addSubscriber } from '../support/services.ts'
import { form, siteOn, test } from './site.ts'

describe('the form', () => {
  test('takes an address and says what happens next', async ({ db, site: { app } }) => {
    const reply = await app.inject({
      method: 'POST',
      url: '/subscribe',
      ...form({ email: 'ada@example.org', zone: 'Europe/Berlin' }),
    })
    expect(reply.statusCode).toBe(303)
    expect(reply.headers.location).toBe('/check-your-inbox')
    expect(await db.select({ email: subscribers.email, zone: subscribers.zone }).from(subscribers)).toEqual([
      { email: 'ada@example.org', zone: 'Europe/Berlin' },
    ])
    const next = await app.inject('/check-your-inbox')
    expect(next.body).toContain('Check your inbox')
    expect(next.body).toContain('If no mail comes')
  })

  test('comes back with a bad address in it and the reason beside the field', async ({ db, site: { app } }) => {
    const reply = await app.inject({ method: 'POST', url: '/subscribe', ...form({ email: '"><b>ada' }) })
    expect(reply.statusCode).toBe(422)
    expect(reply.body).toContain('An address has an @ in it')
    expect(reply.body).toContain('value="&quot;&gt;&lt;b&gt;ada"')
    expect(reply.body).toContain('aria-invalid="true" aria-describedby="email-problem"')
    expect(await db.$count(subscribers)).toBe(0)
  })

  test.for([
    ['nothing', undefined, undefined],
    ['another field', 'application/x-www-form-urlencoded', 'mail=ada'],
    ['the field twice', 'application/x-www-form-urlencoded', 'email=a@example.org&email=b@example.org'],
    ['a header line in it', 'application/x-www-form-urlencoded', 'email=ada@example.org%0d%0aBcc:x@example.org'],
    ['a zero byte', 'application/x-www-form-urlencoded', 'email=ada%00@example.org'],
  ] as const)('given %s asks again', async ([, type, payload], { db, site: { app } }) => {
    const reply = await app.inject({
      method: 'POST',
      url: '/subscribe',
      ...(type ? { headers: { 'content-type': type }, payload } : {}),
    })
    expect(reply.statusCode).toBe(422)
    expect(reply.body).toContain('id="email-problem"')
    expect(await db.$count(subscribers)).toBe(0)
  })

  test.for(['Mars/Base', '\u0000', 'x'.repeat(80), "'; DROP TABLE subscribers; --"])(
    'takes a zone that is none (%j) for UTC',
    async (zone, { db, site: { app } }) => {
      const reply = await app.inject({ method: 'POST', url: '/subscribe', ...form({ email: 'ada@example.org', zone }) })
      expect(reply.statusCode).toBe(303)
      expect((await db.select().from(subscribers))[0]!.zone).toBe('UTC')
    },
  )

  test('is refused beyond 16 KB', async ({ site: { app } }) => {
    const reply = await app.inject({ method: 'POST', url: '/subscribe', ...form({ email: 'a'.repeat(20_000) }) })
    expect(reply.statusCode).toBe(413)
    expect(reply.headers['content-type']).toContain('text/html')
  })
})

test('the answer says nothing about whether an address was known', async ({ db, site: { app } }) => {
  const statuses = ['active', 'pending', 'unsubscribed', 'bounced', 'complained'] as const
  for (const status of statuses) await addSubscriber(db, `${status}@example.org`, { status })
  const replies = await Promise.all(
    [...statuses, 'new'].map(async (name) => {
      const email = `${name}@example.org`
      const page = await app.inject({ method: 'POST', url: '/subscribe', ...form({ email }) })
      const api = await app.inject({ method: 'POST', url: '/api/v1/subscriptions', payload: { email } })
      const seen = ({ statusCode, headers, body }: typeof page) => {
        const { date: _, 'x-ratelimit-remaining': __, 'x-ratelimit-reset': ___, ...rest } = headers
        return { statusCode, headers: rest, body }
      }
      return { page: seen(page), api: seen(api) }
    }),
  )
  for (const reply of replies) expect(reply).toEqual(replies[0])
  expect(await db.$count(outbox)).toBeGreaterThan(0)
})

test('the local mailbox is linked only where one runs', async ({ site }) => {
  expect((await site.app.inject('/check-your-inbox')).body).not.toContain('local mailbox')
  const local = siteOn(site.services, { mailboxUrl: 'http://localhost:1080/' })
  expect((await local.app.inject('/check-your-inbox')).body).toContain('href="http://localhost:1080/"')
  await local.app.close()
})
