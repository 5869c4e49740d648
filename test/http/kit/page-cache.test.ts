import { randomBytes } from 'node:crypto'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { fastifyAccepts } from '@fastify/accepts'
import { type FastifyInstance, fastify } from 'fastify'
import { expect, onTestFinished, vi } from 'vitest'
import { compressPublicTexts } from '../../../src/http/kit/compress.ts'
import { cachePages } from '../../../src/http/kit/page-cache.ts'
import { DEFAULT_NEWSLETTER } from '../../../src/runtime/config/newsletter.ts'
import { addPapers } from '../../support/services.ts'
import { siteOn, test } from '../site.ts'

test('a public page is cached by language, and never for requests with a cookie', async ({ db, site }) => {
  const { app } = siteOn(site.services, { pageCacheMs: 60_000 })
  await addPapers(db, '2026-04-13', 3)
  const get = async (headers: Record<string, string> = {}) => (await app.inject({ url: '/', headers })).body
  const first = await get()
  const german = await get({ 'accept-language': 'de' })
  expect(german).toContain('lang="de"')
  await addPapers(db, '2026-04-14', 3)
  expect(await get()).toBe(first)
  expect(await get({ 'accept-language': 'de' })).toBe(german)
  const { headers } = await app.inject('/')
  expect(headers).toMatchObject({
    'cache-control': 'public, max-age=60',
    vary: expect.stringContaining('accept-language'),
  })
  expect(headers['content-security-policy']).toBeDefined()
  expect(await get({ cookie: 'a=b' }), 'their own').toContain('Paper 1 of 2026-04-14')
  vi.spyOn(performance, 'now').mockReturnValue(performance.now() + 61_000)
  expect(await get()).toContain('Paper 1 of 2026-04-14')
  vi.restoreAllMocks()
  await app.close()
})

/** An app whose cached pages have what `render` returns. */
function appWith(maxAgeMs: number, render: () => string | Promise<string>): FastifyInstance {
  const app = fastify()
  app.decorate('newsletter', DEFAULT_NEWSLETTER)
  app.register(fastifyAccepts)
  // As the metrics do, without which Fastify takes no time.
  app.addHook('onResponse', async () => {})
  const addPageCache = cachePages(app, maxAgeMs)
  app.register(async (part) => {
    compressPublicTexts(part)
    addPageCache(part)
    part.get('/:page', async (_request, reply) =>
      reply
        .header('cache-control', 'public')
        .type('text/html')
        .send(await render()),
    )
  })
  return app
}

test('a slow rendering does not replace one that began after it', async () => {
  const renderings = [Promise.withResolvers<string>(), Promise.withResolvers<string>()] as const
  let begun = 0
  const app = appWith(60_000, () => renderings[begun++]!.promise)
  const slow = app.inject('/page')
  await expect.poll(() => begun).toBe(1)
  const fast = app.inject('/page')
  await expect.poll(() => begun).toBe(2)
  renderings[1].resolve('new')
  await fast
  renderings[0].resolve('old')
  expect((await slow).body).toBe('old')
  expect((await app.inject('/page')).body).toBe('new')
  await app.close()
})

test('pages that are not requested again are freed, with their compressed forms', async () => {
  setFlagsFromString('--expose-gc')
  const collectGarbage = runInNewContext('gc') as () => void
  const bytesInUse = () => {
    collectGarbage()
    return process.memoryUsage().arrayBuffers
  }
  const app = appWith(500, () => randomBytes(700_000).toString('base64'))
  const get = async (url: string) => {
    const { headers } = await app.inject({ url, headers: { 'accept-encoding': 'br' } })
    expect(headers['content-encoding']).toBe('br')
  }
  await get('/first')
  const before = bytesInUse()
  for (let page = 0; page < 20; page++) {
    await get(`/${page}`)
    await get(`/${page}`)
  }
  await expect.poll(() => bytesInUse() - before, { timeout: 10_000 }).toBeLessThan(5_000_000)
  await app.close()
})

test('one request renders a page again; the others get the old one, for no longer than its age again', async ({
  db,
  site,
}) => {
  const { app } = siteOn(site.services, { pageCacheMs: 60_000 })
  await addPapers(db, '2026-04-13', 3)
  const old = (await app.inject('/')).body
  await addPapers(db, '2026-04-14', 3)
  const clock = vi.spyOn(performance, 'now')
  onTestFinished(() => clock.mockRestore())
  const now = performance.now()
  const five = async () => (await Promise.all(Array.from({ length: 5 }, () => app.inject('/')))).map(({ body }) => body)
  clock.mockReturnValue(now + 61_000)
  expect((await five()).filter((body) => body !== old)).toHaveLength(1)
  expect((await app.inject('/')).body, 'renewed').not.toBe(old)
  // The request that renders it again fails.
  clock.mockReturnValue(now + 122_000)
  vi.spyOn(site.services.db, 'execute').mockRejectedValueOnce(new Error('lost'))
  expect((await app.inject('/')).statusCode).toBe(500)
  expect((await app.inject('/')).body, 'the old one').toContain('2026-04-14')
  await addPapers(db, '2026-04-15', 3)
  clock.mockReturnValue(now + 182_000)
  for (const body of await five()) expect(body).toContain('Paper 1 of 2026-04-15')
  await app.close()
})

test('cached pages are logged and measured like others', async ({ db, site }) => {
  const { app } = siteOn(site.services, { pageCacheMs: 60_000 })
  await addPapers(db, '2026-04-13', 3)
  for (let time = 0; time < 3; time++) await app.inject('/')
  const { body } = await app.inject('/metrics')
  expect(body).toContain('paperboy_http_request_duration_seconds_count{method="GET",route="/",status="200"} 3')
  await app.close()
})
