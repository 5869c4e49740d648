import { sql } from 'drizzle-orm'
import { describe, expect, onTestFinished } from 'vitest'
import { assemble } from '../../../src/edition/draft/assemble.ts'
import { mintToken } from '../../../src/mail/tokens.ts'
import { recordListFacts } from '../../../src/papers/ranking/record-list-facts.ts'
import { editions, sourceReads } from '../../../src/runtime/db/schema.ts'
import { addPapers, addSubscriber, NOON, releasedEdition } from '../../support/services.ts'
import { siteOn, test } from '../site.ts'

const textOf = (html: string): string => html.replace(/<[^>]+>/g, '')

describe('the front page', () => {
  test('shows the form without any paper', async ({ site: { app } }) => {
    const page = await app.inject('/')
    expect(page.statusCode).toBe(200)
    expect(page.body).toContain('Get trending papers in your email inbox!')
    expect(page.body).toContain('No papers yet')
  })

  test('shows the newest list, ranked, and says that it is still open', async ({ db, site: { app } }) => {
    await addPapers(db, '2026-04-14', 2)
    await addPapers(db, '2026-04-15', 3)
    const { body, headers } = await app.inject('/')
    expect(body).toContain('Wednesday, 15 April 2026')
    expect(body).toContain('3 papers')
    expect(body).toContain('Live · closes Thursday, 02:00 UTC')
    expect(body).toContain('href="/papers?date=2026-04-14"')
    expect(body).toContain('by AK and the research community')
    expect(headers['cache-control']).toContain('public')
  })

  test('names the papers that its newest edition calls still rising', async ({ db, site: { app, services } }) => {
    await releasedEdition(services, '2026-04-14', 4)
    expect((await app.inject('/')).body).not.toContain('Still rising')
    await db.execute(sql`
      UPDATE edition_papers SET section = 'rising',
        facts = '{"rise":{"from":12,"to":3,"of":31,"listDay":"2026-04-10","weekly":false}}'::jsonb WHERE position = 3`)
    // The list of rising papers is cached for ten minutes.
    const { body } = await siteOn(services).app.inject('/?lang=de')
    const rail = body.slice(body.indexOf('id="rising"'))
    expect(rail).toMatch(
      /^id="rising">Weiter im Aufwind<[\s\S]*?href="\/papers\/2604.14003" dir="auto" lang="en">Paper 4/,
    )
    expect(rail).toMatch(/<p class="reason">[^<]*12[^<]*3[^<]*31/)
    expect((await siteOn(services).app.inject('/papers?date=2026-04-14')).body).not.toContain('id="rising"')
  })

  test('marks sample papers', async ({ db, site: { app } }) => {
    await addPapers(db, '2026-04-14', 1)
    expect((await app.inject('/')).body).not.toContain('Sample papers')
    await db.execute(sql`UPDATE papers SET sample = true`)
    expect((await app.inject('/')).body).toContain('Sample papers')
  })

  test('shows nothing odd for a paper without votes, authors, links or summary', async ({ db, site: { app } }) => {
    await addPapers(db, '2026-04-14', 1)
    await db.execute(sql`DELETE FROM signals`)
    await db.execute(sql`UPDATE papers SET authors = '{}', url = NULL, abstract = ''`)
    const { body } = await app.inject('/')
    expect(body).not.toMatch(/undefined|null|NaN|Code|PDF|\d votes?\b/)
  })
})

describe('a day', () => {
  test('has its closed list and the days around it', async ({ db, site: { app, services } }) => {
    for (const day of ['2026-04-13', '2026-04-14', '2026-04-15']) await addPapers(db, day, 1)
    const { statusCode, body } = await app.inject('/papers?date=2026-04-14')
    expect(statusCode).toBe(200)
    expect(textOf(body)).toContain('Final ranking · closed 15 Apr, 02:00 UTC')
    // Without a community's votes, the order is our readers' and moves on.
    await db.execute(sql`DELETE FROM signals`)
    expect(textOf((await siteOn(services).app.inject('/papers?date=2026-04-14')).body)).toContain(
      'Votes still count · closed 15 Apr, 02:00 UTC',
    )
    expect(body).toMatch(/rel="prev" href="\/papers\?date=2026-04-13"/)
    expect(body).toMatch(/rel="next" href="\/papers\?date=2026-04-15"/)
  })

  test('names the paper that was first when its list closed', async ({ db, site: { app, services } }) => {
    const [, second] = await addPapers(db, '2026-04-14', 2)
    await recordListFacts({ ...services, closeHourUtc: services.config.EDITION_CLOSE_HOUR_UTC }, '2026-04-14')
    await db.execute(
      sql`INSERT INTO signals (paper_id, observed_at, votes, origin) VALUES (${second}, ${NOON}, 500, 'hf')`,
    )
    const lead = 'Paper 1 of 2026-04-14 is first with 100 votes.'
    expect(textOf((await app.inject('/papers?date=2026-04-14')).body)).toContain(lead)
    const week = textOf((await app.inject('/papers?week=2026-W16')).body)
    expect(week).toContain('Paper 2 of 2026-04-14 is first with 500 votes.')
  })

  test('whose list was not read after its close says when it was read, as its edition does', async ({
    db,
    site: { services },
  }) => {
    await addPapers(db, '2026-04-14', 1)
    const read = async (readAt: string) => {
      await db.delete(sourceReads)
      await db.insert(sourceReads).values({ source: 'hf', listDay: '2026-04-14', readAt: new Date(readAt), papers: 1 })
      const { app } = siteOn(services)
      onTestFinished(() => app.close())
      await assemble(services, { date: '2026-04-14' })
      await db.update(editions).set({ state: 'released', releasedAt: NOON })
      const get = async (path: string) => (await app.inject(`/api/v1/${path}`)).json()
      const asOf = [
        (await get('papers?date=2026-04-14')).asOf ?? null,
        (await get('editions')).editions[0].asOf,
        (await get('editions/daily/2026-04-14')).asOf,
      ]
      await db.update(editions).set({ state: 'draft', releasedAt: null })
      return { page: textOf((await app.inject('/papers?date=2026-04-14')).body), asOf }
    }
    const early = await read('2026-04-14T18:40:00Z')
    expect(early.page).toContain('1 paper · Ranking as of 14 Apr, 18:40 UTC · closed 15 Apr, 02:00 UTC')
    expect(early.asOf, 'the API too').toEqual(Array(3).fill('2026-04-14T18:40:00.000Z'))
    // arXiv has no votes: reading its announcements again makes no ranking final.
    const announcements = {
      source: 'arxiv',
      listDay: '2026-04-14',
      readAt: new Date('2026-04-15T08:00:00Z'),
      papers: 1,
    }
    await db.insert(sourceReads).values(announcements)
    expect(textOf((await siteOn(services).app.inject('/papers?date=2026-04-14')).body)).toContain(
      'Ranking as of 14 Apr',
    )
    const late = await read('2026-04-15T02:05:00Z')
    expect(late.page).toContain('1 paper · Final ranking · closed 15 Apr, 02:00 UTC')
    expect(late.asOf).toEqual([null, null, null])
  })

  test.for([
    '0000-01-01',
    '0001-01-01',
    '9999-12-31',
    'yesterday',
    '2026-02-30',
    '',
    '2026-4-1',
    '2026-04-14T00:00',
    "2026-04-14'",
    '%00',
  ])('that is none (%s) is refused in plain words', async (date, { site: { app } }) => {
    const { statusCode, body } = await app.inject(`/papers?date=${date}`)
    expect(statusCode).toBe(400)
    expect(body).toContain('This is not a valid date')
  })

  test('given twice is an error too', async ({ site: { app } }) => {
    expect((await app.inject('/papers?date=2026-04-14&date=2026-04-15')).statusCode).toBe(400)
  })

  test('without papers says so and leads to its neighbours', async ({ db, site: { app } }) => {
    await addPapers(db, '2026-04-10', 1)
    await addPapers(db, '2026-04-14', 1)
    const { statusCode, body } = await app.inject('/papers?date=2026-04-12')
    expect(statusCode).toBe(404)
    expect(body).toContain('No papers on this day')
    expect(body, 'also for a Friday such as 25 December').toContain('weekends and holidays')
    expect(body).toContain('href="/papers?date=2026-04-10"')
    expect(body).toContain('href="/papers?date=2026-04-14"')
  })

  test.for(['1000-01-01', '9000-12-31'])('far away (%s) is a page too', async (day, { db, site: { app } }) => {
    await addPapers(db, '2026-04-14', 1)
    const { statusCode, body } = await app.inject(`/papers?date=${day}`)
    expect(statusCode).toBe(404)
    expect(body).toContain('href="/papers?date=2026-04-14"')
  })
})

test('source text is escaped: no markup, no script links', async ({ db, site: { app } }) => {
  await addPapers(db, '2026-04-14', 1)
  const hostile = `"><script>alert(1)</script><img src=x onerror='alert(2)'>`
  await db.execute(sql`UPDATE papers SET title = ${hostile}, abstract = ${hostile}, organization = ${hostile},
    authors = ARRAY[${hostile}], url = 'javascript:alert(3)', code_url = 'data:text/html,x', pdf_url = ${`https://a.example/"><b>`}`)
  const { body } = await app.inject('/')
  expect(body).not.toMatch(/<script>|<img|<b>|javascript:|data:text/)
  expect(body).toContain('&lt;script&gt;')
})

test('a day has ranks, full cards down to a few votes, and a line for each of the others', async ({
  db,
  site: { app },
}) => {
  await addPapers(db, '2026-04-14', 20)
  await db.execute(sql`UPDATE signals SET votes = CASE WHEN paper_id <= 12 THEN 30 - paper_id ELSE 3 END`)
  const { body } = await app.inject('/')
  expect(body.match(/<li class="paper/g)).toHaveLength(12)
  expect(body.match(/<li class="row"/g)).toHaveLength(8)
  expect(body).toMatch(/<span class="rank" aria-hidden="true">13<\/span>/)
  expect(body.match(/lead-story/g)).toHaveLength(1)
})

test('a quiet day has cards only', async ({ db, site: { app } }) => {
  await addPapers(db, '2026-04-14', 6)
  await db.execute(sql`UPDATE signals SET votes = 4 WHERE paper_id > 2`)
  expect((await app.inject('/')).body).not.toContain('<li class="row"')
})

test('the calendar leads only to months with papers', async ({ db, site: { app } }) => {
  await addPapers(db, '2026-01-14', 1)
  await addPapers(db, '2026-04-14', 1)
  const { body } = await app.inject('/')
  const months = [...body.matchAll(/<a href="(\/papers\?month=[\d-]+)">/g)].map(([, href]) => href!)
  expect(months).toContain('/papers?month=2026-01')
  expect(months).not.toContain('/papers?month=2026-05')
  for (const href of months) expect((await app.inject(href)).statusCode).toBe(200)
})

test('pages offer the sign-up form, except to a reader whose browser is known', async ({
  db,
  site: { app, services },
}) => {
  await releasedEdition(services, '2026-04-14', 1)
  await db.execute(sql`UPDATE papers SET topics = '{agents}'`)
  const id = await addSubscriber(db, 'ada@example.org')
  const cookie = `reader=${mintToken(services.keys, 'reader', id, services.now())}; __Host-reader=${mintToken(services.keys, 'reader', id, services.now())}`
  for (const url of [
    '/',
    '/papers/2604.14000',
    '/topics/agents',
    '/search?q=paper',
    '/editions/2026-04-14',
    '/about',
  ]) {
    expect({ url, form: (await app.inject(url)).body.includes('class="sign-up"') }).toEqual({ url, form: true })
    const known = await app.inject({ url, headers: { cookie } })
    expect({ url, form: known.body.includes('class="sign-up"') }).toEqual({ url, form: false })
  }
})
