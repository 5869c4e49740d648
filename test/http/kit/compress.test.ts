import { brotliDecompressSync, gunzipSync } from 'node:zlib'
import { expect } from 'vitest'
import { addPapers } from '../../support/services.ts'
import { siteOn, test } from '../site.ts'

test('public pages and assets are compressed as the client accepts, and cached pages too', async ({ db, site }) => {
  const { app } = siteOn(site.services, { pageCacheMs: 60_000 })
  await addPapers(db, '2026-04-14', 5)
  const plain = await app.inject('/')
  const [, style] = /href="(\/assets\/[^"]+style\.css)"/.exec(plain.body)!
  for (const url of ['/', '/', style!, '/papers/2604.14000']) {
    const { body, headers } = await app.inject(url)
    expect(headers['content-encoding']).toBeUndefined()
    const br = await app.inject({ url, headers: { 'accept-encoding': 'gzip, br' } })
    expect(br.headers).toMatchObject({ 'content-encoding': 'br', vary: expect.stringContaining('accept-encoding') })
    expect(brotliDecompressSync(br.rawPayload).toString()).toBe(body)
    expect(br.rawPayload.length).toBeLessThan(Buffer.byteLength(body) / 2)
    const gzip = await app.inject({ url, headers: { 'accept-encoding': 'gzip' } })
    expect(gunzipSync(gzip.rawPayload).toString()).toBe(body)
  }
  await app.close()
})

test('so are feeds, sitemaps, the API and its description, which other programs read', async ({
  db,
  site: { app },
}) => {
  await addPapers(db, '2026-04-14', 60)
  for (const url of [
    '/feed.xml',
    '/feed.xml',
    '/feed.atom?topic=agents',
    '/feed.json',
    '/sitemaps/2026-04.xml',
    '/api/v1/papers',
    '/api/openapi.json',
    '/api/docs',
  ]) {
    const plain = await app.inject(url)
    const { headers, rawPayload } = await app.inject({ url, headers: { 'accept-encoding': 'br' } })
    expect([url, headers['content-encoding'], headers.vary]).toEqual([
      url,
      plain.body.length < 1_400 ? undefined : 'br',
      expect.stringContaining('accept-encoding'),
    ])
    if (plain.body.length < 1_400) continue
    expect(brotliDecompressSync(rawPayload).toString()).toBe(plain.body)
    expect(headers.etag, 'the same text').toBe(plain.headers.etag)
    expect(String(headers['cache-control'])).toMatch(/^public/)
  }
})

test('pages behind a personal link, pictures and fonts stay as they are', async ({ site: { app } }) => {
  const { body } = await app.inject('/')
  const base = /\/assets\/\w+/.exec(body)![0]
  for (const url of ['/manage', '/check-your-inbox', `${base}/serif-700.woff2`, '/apple-touch-icon.png']) {
    const { headers, statusCode } = await app.inject({ url, headers: { 'accept-encoding': 'br' } })
    expect([url, statusCode, headers['content-encoding']]).toEqual([url, 200, undefined])
  }
})

test('fonts, icons and the manifest are served with their types', async ({ site: { app } }) => {
  const { body } = await app.inject('/')
  const base = /\/assets\/\w+/.exec(body)![0]
  const typeOf = async (url: string) => (await app.inject(url)).headers['content-type']
  expect(await typeOf(`${base}/serif-400-italic.woff2`)).toBe('font/woff2')
  expect(await typeOf('/favicon.ico')).toBe('image/png')
  const manifest = (await app.inject('/manifest.webmanifest')).json()
  for (const { src } of manifest.icons) expect((await app.inject(src.slice(1))).statusCode).toBe(200)
})
