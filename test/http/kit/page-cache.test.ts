import { expect, vi } from 'vitest'
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
