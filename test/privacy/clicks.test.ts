import { describe, expect } from 'vitest'
import { preview } from '../../src/delivery/preview/preview.ts'
import { assemble } from '../../src/edition/draft/assemble.ts'
import { isScanner } from '../../src/privacy/clicks.ts'
import { clicks, papers } from '../../src/runtime/db/schema.ts'
import { siteOn, test } from '../http/site.ts'
import { addPapers } from '../support/services.ts'

const BROWSER = 'Mozilla/5.0 (X11; Linux x64; rv:140.0) Gecko/20100101 Firefox/140.0'

test('disabled, it counts nothing, and emails link straight to the papers', async ({ db, site }) => {
  await addPapers(db, '2026-04-14', 3)
  await assemble(site.services, { date: '2026-04-14' })
  const { html } = await preview(site.services, { kind: 'daily', date: '2026-04-14' })
  expect(html).not.toContain('/go/')
  const reply = await site.app.inject({ url: '/go/1/paper', headers: { 'user-agent': BROWSER } })
  expect(reply.statusCode).toBe(302)
  expect(await db.$count(clicks)).toBe(0)
})

describe('enabled', () => {
  test('a click adds to a daily sum, without scanners and without identifying the reader', async ({ db, site }) => {
    const { app, services } = siteOn({ ...site.services, config: { ...site.services.config, COUNT_CLICKS: true } })
    await addPapers(db, '2026-04-14', 3)
    await db.update(papers).set({ pdfUrl: 'https://arxiv.org/pdf/2604.00001' })
    await assemble(services, { date: '2026-04-14' })
    const { html, text } = await preview(services, { kind: 'daily', date: '2026-04-14' })
    expect(html).toMatch(/https:\/\/paperboy\.example\/go\/\d+\/pdf/)
    expect(`${html}${text}`).not.toContain('https://arxiv.org/')
    const visit = (userAgent: string, method: 'GET' | 'HEAD' = 'GET', extra: Record<string, string> = {}) =>
      app.inject({ method, url: '/go/1/paper', headers: { 'user-agent': userAgent, ...extra } })
    const first = await visit(BROWSER)
    expect(first.statusCode).toBe(302)
    expect(first.headers.location).toMatch(/^https:\/\/arxiv\.org\/abs\//)
    expect(first.headers['set-cookie']).toBeUndefined()
    await visit(BROWSER)
    await visit('Barracuda Sentinel (EE) bot')
    await visit(BROWSER, 'HEAD')
    await visit(BROWSER, 'GET', { 'sec-purpose': 'prefetch' })
    expect(await db.select().from(clicks)).toEqual([
      { paperId: 1, link: 'paper', day: '2026-04-15', people: 2, scanners: 3 },
    ])
    await app.close()
  })

  test('redirects only to the links of the paper', async ({ db, site }) => {
    const { app } = siteOn({ ...site.services, config: { ...site.services.config, COUNT_CLICKS: true } })
    await addPapers(db, '2026-04-14', 1)
    for (const path of [
      '/go/1/evil',
      '/go/1/https:%2F%2Fevil.example',
      '/go/999/paper',
      '/go/-1/paper',
      '/go/1/project?url=https://evil.example',
      '/go//evil.example/paper',
      '/go/1e3/paper',
    ]) {
      const reply = await app.inject({ url: path, headers: { 'user-agent': BROWSER } })
      expect({ path, status: reply.statusCode }).toEqual({
        path,
        status: expect.toSatisfy((s) => s === 404 || s === 400),
      })
      expect(reply.headers.location ?? '').not.toContain('evil')
    }
    expect(await db.$count(clicks)).toBe(0)
    await app.close()
  })
})

test.for([
  [{ method: 'GET', userAgent: BROWSER, purpose: undefined }, false],
  [{ method: 'GET', userAgent: undefined, purpose: undefined }, true],
  [{ method: 'GET', userAgent: 'Mozilla/5.0 (compatible; Googlebot/2.1)', purpose: undefined }, true],
  [{ method: 'GET', userAgent: 'python-requests/2.32', purpose: undefined }, true],
  [{ method: 'GET', userAgent: BROWSER, purpose: 'prefetch;prerender' }, true],
] as const)('%o', ([visit, scanner]) => {
  expect(isScanner(visit)).toBe(scanner)
})
