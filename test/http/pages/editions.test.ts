import { expect } from 'vitest'
import { releasedEdition } from '../../support/services.ts'
import { test } from '../site.ts'

test('the archive lists editions and serves each as it was emailed, with its own policy', async ({ site }) => {
  const { app, services } = site
  expect((await app.inject('/editions')).body).toContain('None yet')
  await releasedEdition(services, '2026-04-14', 12)
  const list = await app.inject('/editions')
  expect(list.body).toContain('href="/editions/2026-04-14"')
  expect(list.body).toContain('12 papers')

  const edition = await app.inject('/editions/2026-04-14')
  expect(edition.statusCode).toBe(200)
  expect(edition.body).toContain('Paper 12 of 2026-04-14')
  expect(edition.body).not.toMatch(/\/(?:unsubscribe|preferences)\/[\w-]/)
  const policy = edition.headers['content-security-policy']
  expect(policy).toContain("default-src 'none'")
  expect(policy).toContain("style-src 'unsafe-inline'")
  expect(policy).toContain('sandbox')
  expect(policy).not.toContain('script-src')
})

test.for(['2026-04-13', '2026-02-30', 'yesterday', '%27'])('no edition of %s is a page', async (date, { site }) => {
  await releasedEdition(site.services, '2026-04-14', 1)
  const page = await site.app.inject(`/editions/${date}`)
  expect(page.statusCode).toBe(404)
  expect(page.body).toContain('No edition for this day')
  expect((await site.app.inject('/editions/2026-04-14?kind=weekly')).statusCode).toBe(404)
})
