import { once } from 'node:events'
import { mkdtemp } from 'node:fs/promises'
import { get, type IncomingMessage } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
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

test('behind a trusted proxy, another one that is not trusted raises it too', async ({ db, databaseUrl }) => {
  const settings = { DATABASE_URL: databaseUrl, NODE_ENV: 'production', TRUST_PROXY: 'loopback' }
  const { app, services } = siteOn(servicesOn(db, settings))
  const ask = (forwardedFor: string) =>
    app.inject({ url: '/healthz', remoteAddress: '127.0.0.1', headers: { 'x-forwarded-for': forwardedFor } })
  await ask('10.0.0.9')
  await ask('198.51.100.1, 203.0.113.9')
  expect(await needed(services), 'a reader of this network, or a stranger’s header').toEqual([])
  await ask('203.0.113.9, 10.0.0.2:4711')
  await expect
    .poll(() => needed(services))
    .toMatchObject([
      { message: expect.stringContaining('10.0.0.2 '), remedy: expect.stringMatching(/^add 10\.0\.0\.2 /) },
    ])
  await app.close()
})

test('a trusted proxy that is reported with a port or as IPv6 is trusted: the reader is the address before it', async ({
  db,
  databaseUrl,
}) => {
  const { app } = siteOn(servicesOn(db, { DATABASE_URL: databaseUrl, TRUST_PROXY: 'loopback,10.0.0.0/8,fd00::/8' }))
  app.get('/who', async ({ ip }) => ip)
  for (const proxy of ['10.0.0.2', '10.0.0.2:4711', '::ffff:10.0.0.2', '[fd00::2]:4711']) {
    const headers = { 'x-forwarded-for': `198.51.100.1, 203.0.113.9, ${proxy}` }
    const { body } = await app.inject({ url: '/who', remoteAddress: '::ffff:127.0.0.1', headers })
    expect(body, proxy).toBe('203.0.113.9')
  }
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

test.for([{}, { TRUST_PROXY: 'loopback' }])(
  'a request without an address, as on a connection that was reset, raises none: %j',
  async (trusting, { db, databaseUrl }) => {
    const settings = { DATABASE_URL: databaseUrl, NODE_ENV: 'production', ...trusting }
    const { app } = siteOn(servicesOn(db, settings))
    // A local socket has no address either.
    const socketPath = join(await mkdtemp(join(tmpdir(), 'proxy-')), 'api')
    await app.listen({ path: socketPath })
    for (const headers of [{}, PROXIED]) {
      const [reply] = (await once(get({ socketPath, path: '/healthz', headers }), 'response')) as [IncomingMessage]
      reply.resume()
      expect(reply.statusCode).toBe(200)
    }
    await app.close()
  },
)
