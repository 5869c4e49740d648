import { desc } from 'drizzle-orm'
import { describe, expect } from 'vitest'
import { assemble } from '../../../src/edition/draft/assemble.ts'
import { curate } from '../../../src/edition/draft/curate.ts'
import { release } from '../../../src/edition/draft/release.ts'
import { mintToken } from '../../../src/mail/tokens.ts'
import { indexPapers } from '../../../src/papers/search/index-papers.ts'
import { editionParts, papers } from '../../../src/runtime/db/schema.ts'
import { addPapers, addSubscriber } from '../../support/services.ts'
import { signedIn, test } from '../admin.ts'
import { form } from '../site.ts'

// The clock stands at noon on Wednesday, 15 April 2026. Papers are named by their list day: 2604.17000 is one of Friday.
const TO_COME = /2604\.1700|2605\.0400/

describe('papers of a list day that has not begun', () => {
  test('are on no list, and in no search, count, feed or sitemap', async ({ db, site: { app, services } }) => {
    await addPapers(db, '2026-04-13', 1)
    await addPapers(db, '2026-04-14', 1)
    await addPapers(db, '2026-04-15', 2)
    await addPapers(db, '2026-04-17', 2)
    await addPapers(db, '2026-05-04', 1)
    await db.update(papers).set({ topics: ['agents'], organization: 'Analytical Engines' })
    await indexPapers(services)
    const feeds = ['/feed.json?topic=agents', '/feed.json?author=Ada%20Lovelace', '/feed.json']
    const pages = [
      '/',
      '/search?q=paper',
      '/search?q=paper&from=2026-04-15&to=2026-04-20',
      '/search?q=paper+something+unheard',
      '/search?topic=agents',
      '/topics/agents',
      '/authors/Ada%20Lovelace',
      '/organisations/Analytical%20Engines',
      '/sitemaps/2026-04.xml',
      '/papers?week=2026-W16',
      '/papers?month=2026-04',
      '/papers/2604.15000',
      '/api/v1/papers?week=2026-W16',
      '/api/v1/search?q=paper',
      '/api/v1/authors?name=Ada%20Lovelace',
      '/api/v1/papers/2604.15000',
    ]
    for (const url of [...feeds, ...pages]) {
      const { body, statusCode } = await app.inject(url)
      expect({ url, statusCode, newest: body.includes(feeds.includes(url) ? '2604.14000' : '2604.15001') }).toEqual({
        ...{ url, statusCode: 200, newest: true },
      })
      expect({ url, found: TO_COME.exec(body)?.[0] }).toEqual({ url, found: undefined })
    }
    const counts = await Promise.all([
      ...['search?q=paper', 'authors?name=Ada%20Lovelace', 'papers?month=2026-04', 'topics'].map((path) =>
        app.inject(`/api/v1/${path}`),
      ),
    ])
    expect(counts.map((reply) => reply.json().total ?? reply.json().topics[0].papers)).toEqual([
      { all: 4, approximate: false, some: 0, listed: 4 },
      ...[4, 4, 4],
    ])
    const trends = (await app.inject('/api/v1/trends?week=2026-W16')).json()
    expect([trends.lastDay, trends.papers, trends.days.length]).toEqual(['2026-04-15', 4, 3])
    expect((await app.inject('/topics/agents')).body).toContain('4 papers since')
    expect((await app.inject('/sitemap.xml')).body).not.toContain('2026-05')
  })

  test('have no page, API, citation, card or vote, and their day, week and month none either', async ({
    db,
    site: { app, services },
  }) => {
    const [today] = await addPapers(db, '2026-04-15', 1)
    const [later] = await addPapers(db, '2026-05-04', 1)
    const reader = await addSubscriber(db, 'ada@example.org')
    const vote = mintToken(services.keys, 'vote', reader, services.now())
    for (const [name, id, statusCode] of [
      ['2604.15000', today, 200],
      ['2605.04000', later, 404],
    ] as const)
      for (const url of [
        `/papers/${name}`,
        `/papers/${name}/cite.bib`,
        `/papers/${name}/vote`,
        `/papers/${name}/vote/${vote}`,
        `/api/v1/papers/${name}`,
        `/api/v1/papers/${id}`,
      ])
        expect({ url, statusCode: (await app.inject(url)).statusCode }).toEqual({ url, statusCode })
    for (const url of [
      `/papers/${later}`,
      '/cards/en/papers/2605.04000/0.png',
      '/sitemaps/2026-05.xml',
      '/papers?date=2026-05-04',
      '/papers?week=2026-W19',
      '/papers?month=2026-05',
      '/trends?week=2026-W19',
      '/api/v1/papers?date=2026-05-04',
      '/api/v1/trends?week=2026-W19',
    ]) {
      const { statusCode, body } = await app.inject(url)
      expect({ url, statusCode, titled: body.includes('Paper 1 of') }).toEqual({ url, statusCode: 404, titled: false })
    }
    const voting = await app.inject({ method: 'POST', url: `/papers/2605.04000/vote/${vote}` })
    expect(voting.statusCode).toBe(404)
    expect((await app.inject('/search?q=2605.04000')).statusCode, 'it leads nowhere').toBe(200)
    const suggested = await app.inject({ method: 'POST', url: '/submit', ...form({ paper: '2605.04000' }) })
    expect(suggested.headers.location).toBe('/submitted')
  })

  test('are public as soon as the day begins', async ({ db, site: { app, clock, services } }) => {
    await addPapers(db, '2026-04-15', 1)
    await addPapers(db, '2026-04-17', 1)
    await indexPapers(services)
    const found = async () => [
      (await app.inject('/papers/2604.17000')).statusCode,
      (await app.inject('/papers?date=2026-04-17')).statusCode,
      (await app.inject('/api/v1/search?q=paper')).json().total.all,
    ]
    clock.now = new Date('2026-04-16T23:59:59Z')
    expect(await found()).toEqual([404, 404, 1])
    clock.now = new Date('2026-04-17T00:00:00Z')
    expect(await found()).toEqual([200, 200, 2])
  })

  test('do not hide the sample: without them the site would be empty until their day begins', async ({
    db,
    site: { app, clock, services },
  }) => {
    await addPapers(db, '2026-04-08', 4)
    await db.update(papers).set({ sample: true, topics: ['agents'], organization: 'Analytical Engines' })
    await addPapers(db, '2026-04-17', 1)
    await indexPapers(services)
    const found = async () => {
      const read = async (path: string) => (await app.inject(`/api/v1/${path}`)).json()
      const [search, authors, topics] = [
        await read('search?q=paper'),
        await read('authors?name=Ada%20Lovelace'),
        await read('topics'),
      ]
      const trends = await app.inject('/api/v1/trends?week=2026-W15')
      return [search.total.all, authors.total, topics.topics.length, trends.statusCode]
    }
    expect(await found()).toEqual([4, 4, 1, 200])
    clock.now = new Date('2026-04-17T00:00:00Z')
    expect(await found()).toEqual([1, 1, 0, 404])
  })

  test('are there for the desk', async ({ db, site }) => {
    await addPapers(db, '2026-04-15', 1)
    await addPapers(db, '2026-04-17', 1)
    await assemble(site.services, { date: '2026-04-15' })
    const desk = await signedIn(site)
    const found = await desk.get('/admin/editions/daily/2026-04-15/add?q=paper')
    expect(found.body).toContain('href="/papers/2604.17000"')
    const page = await desk.get('/papers/2604.17000')
    expect({ statusCode: page.statusCode, cached: page.headers['cache-control'] }).toEqual({
      ...{ statusCode: 200, cached: 'no-store' },
    })
    expect((await site.app.inject('/papers/2604.17000')).statusCode).toBe(404)
  })

  test('have a page once an edition with them is released, as its links lead there', async ({
    db,
    site: { app, services },
  }) => {
    await addPapers(db, '2026-04-14', 2)
    await addPapers(db, '2026-04-17', 2)
    await assemble(services, { date: '2026-04-14' })
    await curate(services, '2604.17001', 'pick', undefined, { edition: { kind: 'daily', date: '2026-04-14' } })
    expect((await app.inject('/papers/2604.17001')).statusCode).toBe(404)
    await release(services, { date: '2026-04-14' })
    const { statusCode, body } = await app.inject('/papers/2604.17001')
    expect(statusCode).toBe(200)
    expect(body).toMatch(/Friday,? 17 Apr/)
    expect(body, 'its list has no page yet').not.toContain('/papers?date=2026-04-17')
    expect((await app.inject('/papers/2604.17000')).statusCode, 'not in the edition').toBe(404)
    expect((await app.inject('/authors/Ada%20Lovelace')).body).not.toContain('2604.1700')
  })

  test('lead to their edition while they have no list: emails of an edition that was released early link there', async ({
    db,
    site: { app, clock, services },
  }) => {
    await addPapers(db, '2026-04-17', 30)
    await addPapers(db, '2026-04-20', 30)
    for (const key of [{ date: '2026-04-17' }, { kind: 'weekly', date: '2026-04-20' }] as const) {
      await assemble(services, key)
      const list = key.date === '2026-04-17' ? '/papers?date=2026-04-17' : '/papers?week=2026-W17'
      expect((await app.inject(list)).statusCode).toBe(404)
      await release(services, key)
      const path = `/editions/${key.date}${key.date === '2026-04-17' ? '' : '?kind=weekly'}`
      const [email] = await db.select().from(editionParts).orderBy(desc(editionParts.editionId)).limit(1)
      expect(JSON.stringify(email)).toContain(list.replace('=', '=3D'))
      const { statusCode, headers } = await app.inject(list)
      expect({ statusCode, location: headers.location }).toEqual({ statusCode: 302, location: path })
      expect((await app.inject(path)).statusCode).toBe(200)
    }
    clock.now = new Date('2026-04-20T00:00:00Z')
    expect((await app.inject('/papers?date=2026-04-17')).statusCode).toBe(200)
    expect((await app.inject('/papers?week=2026-W17')).statusCode).toBe(200)
  })
})
