import { sql } from 'drizzle-orm'
import { expect } from 'vitest'
import { editions } from '../../../src/runtime/db/schema.ts'
import { addPapers, releasedEdition } from '../../support/services.ts'
import { test } from '../site.ts'

test('the archive lists editions, and each is a page of the site with the editions around it', async ({ db, site }) => {
  const { app, services } = site
  expect((await app.inject('/editions')).body).toContain('None yet')
  expect((await app.inject('/editions/latest')).headers.location).toBe('/editions')
  await releasedEdition(services, '2026-04-13', 1)
  await releasedEdition(services, '2026-04-14', 12)
  const list = await app.inject('/editions')
  expect(list.body).toContain('href="/editions/2026-04-14"')
  expect(list.body).toContain('12 papers')
  expect((await app.inject('/editions/latest')).headers.location).toBe('/editions/2026-04-14')

  await db.execute(
    sql`INSERT INTO signals (paper_id, observed_at, votes, origin) VALUES (2, '2026-04-15T10:00Z', 9999, 'file')`,
  )
  const { statusCode, body } = await app.inject('/editions/2026-04-14')
  expect(statusCode).toBe(200)
  expect(body).toContain('<main id="content">')
  expect(body).toContain('rel="prev" href="/editions/2026-04-13"')
  expect(body).not.toContain('rel="next"')
  expect(body.match(/class="paper-title"/g)).toHaveLength(12)
  expect(body, 'votes as of the close').not.toContain('9,999')
  expect(body).toContain('name="email"')
})

test('the archive names each edition in the page’s language, by its first papers or the curator’s own subject', async ({
  db,
  site: { app, services },
}) => {
  await releasedEdition(services, '2026-04-13', 12)
  await releasedEdition(services, '2026-04-14', 12)
  await db.execute(sql`UPDATE editions SET own_subject = 'Read this one' WHERE date = '2026-04-13'`)
  for (const [language, more] of [
    ['en', 'and 10 more'],
    ['de', 'und 10 weitere'],
    ['zh', '及另外 10 篇'],
  ]) {
    const { body } = await app.inject({ url: '/editions', headers: { 'accept-language': language } })
    const subjects = [...body.matchAll(/class="edition-subject">([^<]+)/g)].map(([, subject]) => subject)
    expect(subjects).toEqual([`Paper 1 of 2026-04-14, Paper 2 of 2026-04-14 ${more}`, 'Read this one'])
  }
})

test('a long archive has pages, which hold each edition once, to the oldest', async ({
  db,
  site: { app, services },
}) => {
  await releasedEdition(services, '2026-04-14', 1)
  // Two years of daily editions, and a weekly one on each Monday, which comes behind the daily one.
  await db.execute(sql`
    INSERT INTO editions (kind, date, state, closes_at, release_at, assembled_at, released_at, message_key)
    SELECT kind::edition_kind, day::date, 'sent', day, day, day, day, ''
    FROM generate_series('2024-04-15'::date, '2026-04-13', '1 day') day, unnest('{daily,weekly}'::text[]) kind
    WHERE kind = 'daily' OR extract(isodow FROM day) = 1`)
  const total = await db.$count(editions)
  const found: string[] = []
  let url: string | undefined = '/editions'
  for (let pages = 0; url; pages++) {
    const { body }: { body: string } = await app.inject(url)
    expect(pages).toBeLessThan(total)
    expect(body).toContain(`<link rel="canonical" href="https://paperboy.example${url}">`)
    expect([pages, body.includes('href="/editions">First page')]).toEqual([pages, pages > 0])
    const hrefs = [...body.matchAll(/<li><a href="(\/editions\/[^"]+)"><span class="edition-date">/g)]
    expect(hrefs.length).toBeLessThan(120)
    found.push(...hrefs.map(([, href]) => href!))
    url = /rel="next" href="([^"]+)"/.exec(body)?.[1]
  }
  expect(found).toHaveLength(total)
  expect(new Set(found)).toHaveLength(total)
  expect(found.slice(0, 3)).toEqual([
    '/editions/2026-04-14',
    '/editions/2026-04-13',
    '/editions/2026-04-13?kind=weekly',
  ])
  expect(found.at(-1)).toBe('/editions/2024-04-15?kind=weekly')
  for (const odd of ['x', '2026-02-30-daily', '9999-12-31-daily', '%00', '2026-04-14-daily&after=x'])
    expect((await app.inject(`/editions?after=${odd}`)).body).toContain('href="/editions/2026-04-14"')
  expect((await app.inject('/editions?after=2020-01-01-daily')).headers.location).toBe('/editions')
})

test('an edition is also there as it was emailed, with its own policy', async ({ site: { app, services } }) => {
  await releasedEdition(services, '2026-04-14', 12)
  expect((await app.inject('/editions/2026-04-14')).body).toContain('href="/editions/2026-04-14/email"')
  const edition = await app.inject('/editions/2026-04-14/email')
  expect(edition.statusCode).toBe(200)
  expect(edition.body).toContain('Paper 12 of 2026-04-14')
  expect(edition.body).not.toMatch(/\/(?:unsubscribe|preferences)\/[\w-]/)
  expect(edition.headers.link).toBe('<https://paperboy.example/editions/2026-04-14>; rel="canonical"')
  const policy = edition.headers['content-security-policy']
  expect(policy).toContain("default-src 'none'")
  expect(policy).toContain("style-src 'unsafe-inline'")
  expect(policy).toContain('sandbox')
  expect(policy).not.toContain('script-src')
})

test.for(['2026-04-13', '2026-02-30', 'yesterday', '%27'])('no edition of %s is a page', async (date, { site }) => {
  await releasedEdition(site.services, '2026-04-14', 1)
  await addPapers(site.services.db, '2026-04-13', 1)
  for (const path of ['', '/email']) {
    const page = await site.app.inject(`/editions/${date}${path}`)
    expect(page.statusCode).toBe(404)
    expect(page.body).toContain('No edition for this day')
  }
  expect((await site.app.inject('/editions/2026-04-14?kind=weekly')).statusCode).toBe(404)
})
