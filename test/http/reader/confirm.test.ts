import { randomBytes } from 'node:crypto'
import { eq } from 'drizzle-orm'
import { describe, expect } from 'vitest'
import { mintToken } from '../../../src/mail/tokens.ts'
import type { Db } from '../../../src/runtime/db/database.ts'
import { subscribers } from '../../../src/runtime/db/schema.ts'
import type { Services } from '../../../src/runtime/services.ts'
import { addSubscriber, NOON } from '../../support/services.ts'
import { test } from '../site.ts'

async function pendingReader(db: Db, { keys }: Services, issuedAt = NOON) {
  const nonce = randomBytes(8)
  const id = await addSubscriber(db, 'ada@example.org', {
    status: 'pending',
    confirmNonce: nonce,
    requestedAt: issuedAt,
  })
  const status = async () => (await db.select().from(subscribers).where(eq(subscribers.id, id)))[0]!.status
  return { url: `/confirm/${mintToken(keys, 'confirm', id, issuedAt, nonce)}`, status }
}

describe('the confirmation link', () => {
  test('shows a button and changes nothing, however often it is opened', async ({ db, site: { app, services } }) => {
    const { url, status } = await pendingReader(db, services)
    for (const method of ['GET', 'HEAD', 'GET'] as const) {
      const page = await app.inject({ method, url })
      expect(page.statusCode).toBe(200)
      expect(page.headers).toMatchObject({
        'cache-control': 'no-store',
        'referrer-policy': 'no-referrer',
        'x-robots-tag': 'noindex',
      })
    }
    expect(await status()).toBe('pending')
  })

  test('shows a returning reader their earlier choices', async ({ db, site: { app, services } }) => {
    const { url } = await pendingReader(db, services)
    expect((await app.inject(url)).body).toContain('trending papers at this address.')
    await db.update(subscribers).set({ cadence: 'weekly' })
    const page = (await app.inject(url)).body
    expect(page).toContain('once a week')
    expect(page).not.toContain('trending papers at this address.')
  })

  test('confirms by its button, also when pressed twice', async ({ db, site: { app, services } }) => {
    const { url, status } = await pendingReader(db, services)
    for (const _ of [1, 2]) {
      const reply = await app.inject({ method: 'POST', url })
      expect(reply.statusCode).toBe(303)
      const welcome = new URL(reply.headers.location!, 'https://paperboy.example')
      expect(welcome.pathname).toBe('/welcome')
      expect(welcome.searchParams.get('first')).toBe('2026-04-16T08:00:00.000Z')
      const [, preferences] = /action="(\/preferences\/[^"]+)"/.exec((await app.inject(reply.headers.location!)).body)!
      expect((await app.inject(preferences!)).statusCode, 'the second step: their choices').toBe(200)
    }
    expect(await status()).toBe('active')
    expect((await app.inject('/welcome?first=2026-04-16T06:00:00.000Z&zone=Europe%2FBerlin')).body).toContain(
      'Thursday, 16 April 2026 at 08:00 (Europe/Berlin)',
    )
  })

  test('signs this browser in for voting, as the page of its button says, and no other site’s form does', async ({
    db,
    site: { app, services },
  }) => {
    const { url } = await pendingReader(db, services)
    const page = await app.inject(url)
    expect([page.headers['set-cookie'], page.body.includes('signs this browser in for voting')]).toEqual([
      undefined,
      true,
    ])
    const elsewhere = await app.inject({ method: 'POST', url, headers: { 'sec-fetch-site': 'cross-site' } })
    expect([elsewhere.statusCode, elsewhere.cookies]).toEqual([303, []])
    const reply = await app.inject({ method: 'POST', url, headers: { 'sec-fetch-site': 'same-origin' } })
    const cookies = Object.fromEntries(reply.cookies.map(({ name, value }) => [name, value]))
    expect((await app.inject({ url: '/votes', cookies })).body).toContain('Press ▲ beside a paper')
  })

  test('uses the language of the sign-up, not the browser’s', async ({ db, site }) => {
    const { app, services } = site
    const { url } = await pendingReader(db, services)
    await db.update(subscribers).set({ locale: 'de' })
    const headers = { 'accept-language': 'en-GB' }
    expect((await app.inject({ url, headers })).body).toContain('<html lang="de">')
    const { location } = (await app.inject({ method: 'POST', url, headers })).headers
    expect((await app.inject({ url: location!, headers })).body).toContain('<html lang="de">')
    expect((await app.inject({ url: '/welcome?in=xx', headers })).body).toContain('<html lang="en">')
  })

  test.for(['GET', 'POST'] as const)('expired, %s says so and offers the form', async (method, { db, site }) => {
    const { url, status } = await pendingReader(db, site.services, new Date('2026-04-08T11:59:59Z'))
    const page = await site.app.inject({ method, url })
    expect(page.statusCode).toBe(410)
    expect(page.body).toContain('action="/subscribe"')
    expect(await status()).toBe('pending')
  })

  test.for([
    ['nothing', 'forged'],
    ['zeros', 'A'.repeat(46)],
    ['5,000 characters', 'A'.repeat(5000)],
    ['a zero byte', '%00'],
    ['a path', '..%2f..'],
    ['half a character', '%E0%A4%A'],
  ] as const)('forged of %s is unknown or not well formed', async ([, token], { site: { app } }) => {
    for (const method of ['GET', 'POST'] as const) {
      const page = await app.inject({ method, url: `/confirm/${token}` })
      expect([400, 404]).toContain(page.statusCode)
      expect(page.body).not.toContain(token)
    }
  })

  test('with another purpose is unknown', async ({ db, site: { app, services } }) => {
    const id = await addSubscriber(db, 'ada@example.org')
    const token = mintToken(services.keys, 'unsubscribe', id, NOON)
    expect((await app.inject(`/confirm/${token}`)).statusCode).toBe(404)
    expect((await app.inject(`/preferences/${token}`)).statusCode).toBe(404)
  })
})

test.for(['', '?first=', '?first=tomorrow', '?first=%3Cscript%3E', '?first=9999-99-99T00:00:00Z'])(
  'the welcome page needs no date (%s)',
  async (query, { site: { app } }) => {
    const page = await app.inject(`/welcome${query}`)
    expect(page.statusCode).toBe(200)
    expect(page.body).toContain('next morning edition')
  },
)

test('once the first digest has come, or the reader unsubscribed, the welcome page leads to the preferences', async ({
  db,
  site: { app, services },
}) => {
  const id = await addSubscriber(db, 'ada@example.org')
  const choose = mintToken(services.keys, 'preferences', id, NOON)
  const opened = async (first: string) =>
    (await app.inject(`/welcome?first=${first}&choose=${choose}`)).headers.location
  expect(await opened('2026-04-16T08:00:00.000Z')).toBeUndefined()
  // Such as a bookmark.
  expect(await opened('2025-04-16T08:00:00.000Z')).toBe(`/preferences/${choose}`)
  await db.update(subscribers).set({ status: 'unsubscribed' })
  expect(await opened('2026-04-16T08:00:00.000Z')).toBe(`/preferences/${choose}`)
})
