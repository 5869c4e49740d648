import { expect } from 'vitest'
import { findAttention } from '../../src/operate/attention/find.ts'
import { servicesOn } from '../support/services.ts'
import { siteOn, test } from './site.ts'

const PROXIED = { 'x-forwarded-for': '203.0.113.9' }
const needed = async (services: Parameters<typeof findAttention>[0]) =>
  (await findAttention(services)).filter(({ name }) => name === 'untrusted_proxy')

test('an untrusted proxy in a private network is logged once and raises an alert', async ({ db, databaseUrl }) => {
  const { app, services, logged } = siteOn(servicesOn(db, { DATABASE_URL: databaseUrl, NODE_ENV: 'production' }))
  const ask = (remoteAddress: string, headers: Record<string, string>) =>
    app.inject({ url: '/healthz', remoteAddress, headers })
  await ask('172.18.0.7', {})
  await ask('203.0.113.1', PROXIED)
  expect(await needed(services), 'no such header, or a stranger’s').toEqual([])
  for (let n = 0; n < 3; n++) await ask('::ffff:172.18.0.7', PROXIED)
  await expect.poll(() => needed(services)).toMatchObject([{ message: expect.stringContaining('172.18.0.7') }])
  expect(logged().match(/that TRUST_PROXY does not name/g)).toHaveLength(1)
  expect(logged()).not.toContain('203.0.113.9')
  await app.close()
})

test('trusted proxies and local development raise none', async ({ db, databaseUrl }) => {
  const trusting = { NODE_ENV: 'production', TRUST_PROXY: 'uniquelocal,loopback' }
  for (const settings of [trusting, { NODE_ENV: 'development' }]) {
    const { app, services, logged } = siteOn(servicesOn(db, { DATABASE_URL: databaseUrl, ...settings }))
    await app.inject({ url: '/healthz', remoteAddress: '172.18.0.7', headers: PROXIED })
    expect(logged()).not.toContain('TRUST_PROXY')
    expect(await needed(services)).toEqual([])
    await app.close()
  }
})
