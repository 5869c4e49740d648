import { expect } from 'vitest'
import { mintToken } from '../../src/mail/tokens.ts'
import { databaseOn, openPool } from '../../src/runtime/db/database.ts'
import { routesOf } from './routes.ts'
import { form, siteOn, test as withSite } from './site.ts'

/** The whole app with an unreachable database. */
const test = withSite.extend('away', { scope: 'test' }, async ({ site: { services } }, { onCleanup }) => {
  const url = 'postgres://nobody@127.0.0.1:1/nothing'
  const pool = openPool(url, () => {})
  const config = { ...services.config, DATABASE_URL: url, ADMIN_EMAILS: ['ada@lab.org'] }
  const away = siteOn({ ...services, config, db: databaseOn(pool) })
  onCleanup(async () => {
    await away.app.close()
    await pool.end()
  })
  return away
})

test('without the database, requests get 503 with Retry-After, and no error is logged', async ({ away }) => {
  const { app, services, logged } = away
  const token = mintToken(services.keys, 'unsubscribe', 7, services.now())
  const preferences = mintToken(services.keys, 'preferences', 7, services.now())
  const asked = [
    ...[
      '/',
      '/papers?date=2026-04-14',
      '/papers/1',
      '/search?q=vision',
      '/topics',
      '/editions',
      '/editions/2026-04-14',
    ],
    ...[
      '/feed.xml',
      '/feed.atom',
      '/feed.json',
      '/sitemap.xml',
      `/unsubscribe/${token}`,
      `/preferences/${preferences}`,
    ],
    ...['/api/v1/papers', '/api/v1/papers/1', '/api/v1/editions/daily/2026-04-14'],
  ].map((url) => ({ method: 'GET' as const, url }))
  const posted = [
    { url: `/unsubscribe/${token}`, payload: 'List-Unsubscribe=One-Click', headers: {} },
    { url: '/subscribe', ...form({ email: 'ada@lab.org' }) },
    { url: '/api/v1/subscriptions', payload: { email: 'ada@lab.org' } },
    { url: '/manage', ...form({ email: 'ada@lab.org' }) },
  ].map((each) => ({ method: 'POST' as const, ...each }))
  for (const request of [...asked, ...posted]) {
    const reply = await app.inject(request)
    expect([request.method, request.url, reply.statusCode]).toEqual([request.method, request.url, 503])
    expect([request.url, Number(reply.headers['retry-after'])]).toEqual([request.url, expect.any(Number)])
    expect(Number(reply.headers['retry-after'])).toBeGreaterThan(0)
    // A cache would repeat the outage for minutes.
    expect([request.url, reply.headers['cache-control']]).toEqual([request.url, 'no-store'])
    if (request.url.startsWith('/api/'))
      expect(reply.json()).toMatchObject({ status: 503, title: 'Service Unavailable' })
  }
  expect(logged()).not.toContain('request failed')
  expect(logged()).not.toMatch(/ada@|Failed query|params/)
})

test('no route treats it as a bug', async ({ away: { app } }) => {
  await app.ready()
  for (const { method, path } of routesOf(app)) {
    if (method === 'OPTIONS') continue
    const url = path.replace(/:[a-zA-Z]+(?:\([^)]*\))?/g, '1').replace('*', 'x')
    const reply = await app.inject({ method: method as 'GET', url })
    expect([method, path, reply.statusCode]).not.toEqual([method, path, 500])
  }
})
