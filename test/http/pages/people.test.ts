import { sql } from 'drizzle-orm'
import { parseAtomFeed } from 'feedsmith'
import { expect } from 'vitest'
import { addPapers } from '../../support/services.ts'
import { test } from '../site.ts'

test('an author’s page lists their papers and no namesake’s, newest first, with a feed', async ({ db, site }) => {
  const { app } = site
  await addPapers(db, '2026-04-13', 1)
  await addPapers(db, '2026-04-14', 2)
  await db.execute(sql`UPDATE papers SET authors = '{Ada Lovelace King}' WHERE id = 2`)
  const { statusCode, body } = await app.inject('/authors/Ada%20Lovelace')
  expect(statusCode).toBe(200)
  expect(body).toContain('2 papers')
  expect([...body.matchAll(/<a href="(\/papers\/[\d.]+)" dir/g)].map(([, href]) => href)).toEqual([
    '/papers/2604.14001',
    '/papers/2604.13000',
  ])
  expect(body).toContain('<link rel="canonical" href="https://paperboy.example/authors/Ada%20Lovelace">')
  const [, path] = /href="(\/feed\.atom\?author=[^"]+)"/.exec(body)!
  const feed = parseAtomFeed((await app.inject(path!)).body)
  expect(feed.title?.value).toBe('Paperboy: papers by Ada Lovelace')
  expect(feed.entries).toHaveLength(2)
})

test.for(['An', '高 锋', `O'Brien "x" <b>`, 'Łukasz Kaiser', 'a & b | c:*'])(
  'the name %s is found as it is written',
  async (name, { db, site: { app } }) => {
    await addPapers(db, '2026-04-14', 2)
    await db.execute(sql`UPDATE papers SET authors = ARRAY[${name}], organization = ${name} WHERE id = 1`)
    for (const kind of ['authors', 'organisations']) {
      const { statusCode, body } = await app.inject(`/${kind}/${encodeURIComponent(name)}`)
      expect(statusCode).toBe(200)
      expect(body).toContain('1 paper ')
      expect(body).not.toContain('<b>')
    }
  },
)

test('a name with a slash is found, also where a proxy decodes it', async ({ db, site: { app } }) => {
  await addPapers(db, '2026-04-14', 1)
  await db.execute(sql`UPDATE papers SET authors = '{A/B/C}', organization = 'CNRS/IRISA'`)
  for (const path of ['/organisations/CNRS%2FIRISA', '/authors/A%2FB%2FC']) {
    expect((await app.inject('/papers/2604.14000')).body).toContain(`href="${path}"`)
    for (const url of [path, decodeURIComponent(path)])
      expect([url, (await app.inject(url)).statusCode]).toEqual([url, 200])
    const asked = await app.inject({ method: 'POST', url: `${decodeURIComponent(path)}/follow` })
    expect(asked.headers.location).toMatch(/^\/subscribe\?/)
  }
})

test('an organisation is a link in every list, and its page goes on over pages', async ({ db, site: { app } }) => {
  await addPapers(db, '2026-04-14', 25)
  await db.execute(sql`UPDATE papers SET organization = 'Analytical Engines'`)
  const link = '/organisations/Analytical%20Engines'
  expect((await app.inject('/')).body).toContain(`href="${link}"`)
  const first = (await app.inject(link)).body
  expect(first.match(/class="paper-title"/g)).toHaveLength(20)
  const [, next] = /rel="next" href="([^"]+)"/.exec(first)!
  const second = (await app.inject(next!.replaceAll('&amp;', '&'))).body
  expect(second.match(/class="paper-title"/g)).toHaveLength(5)
  const backs = [...second.matchAll(/name="back" value="(\/organisations[^"#]+)/g)].map(([, back]) => back)
  expect(new Set(backs), 'Vote, Save and Follow lead back to this page').toEqual(new Set([next]))
  expect((await app.inject('/feed.json?organisation=Analytical%20Engines')).json().items).toHaveLength(25)
})

test('a name without papers says so, and offers to search for it', async ({ site: { app } }) => {
  const { statusCode, body } = await app.inject('/authors/Nemo%20Nil')
  expect(statusCode).toBe(404)
  expect(body).toContain('name="q" type="search" value="Nemo Nil"')
})
