import { eq, sql } from 'drizzle-orm'
import { HtmlValidate } from 'html-validate'
import { describe, expect } from 'vitest'
import { planAll } from '../../src/delivery/plan/plan-all.ts'
import { assemble } from '../../src/edition/draft/assemble.ts'
import type { Db } from '../../src/runtime/db/database.ts'
import {
  auditLog,
  editions,
  papers,
  picks,
  submissions,
  subscribers,
  suppressions,
} from '../../src/runtime/db/schema.ts'
import { addPapers, addReaders, addSubscriber, releasedEdition } from '../support/services.ts'
import { auditLines, CURATOR, formOf, OPERATOR, signedIn, test } from './admin.ts'
import { routesOf } from './routes.ts'
import { form } from './site.ts'
import { PAGE_RULES } from './valid-html.ts'

const DAY = '2026-04-14'
const DESK = `/admin/editions/daily/${DAY}`

const stateOf = async (db: Db) => {
  const [edition] = await db.select().from(editions).where(eq(editions.date, DAY))
  return edition && `${edition.held ? 'held ' : ''}${edition.state}`
}
/** The paper titles on an edition's page, in order. */
const titlesIn = (body: string) =>
  [...body.matchAll(/<h3><a href="\/papers\/[\d.]+" dir="auto">([^<]+)</g)].map(([, title]) => title)
const paperId = (n: number) => `2604.14${String(n - 1).padStart(3, '0')}`

describe('the guard', () => {
  test('stands before every page and every form but those that let one in', async ({ db, site }) => {
    const { app } = site
    await addPapers(db, DAY, 3)
    await assemble(site.services, { date: DAY })
    await app.ready()
    const open = ['/admin/sign-in', '/admin/sign-in/:token']
    const guarded = routesOf(app).filter(({ path }) => path.startsWith('/admin') && !open.includes(path))
    expect(guarded.length).toBeGreaterThan(10)
    for (const { method, path } of guarded) {
      const url = path
        .replace(':kind', 'daily')
        .replace(':date', DAY)
        .replace(':action', 'hold')
        .replace(':paper', paperId(2))
        .replace(':verdict', 'pick')
        .replace(':id', '1')
        .replace(':word', 'accept')
      const reply = await app.inject({ method: method as 'GET', url })
      expect([method, url, reply.statusCode]).toEqual([method, url, 401])
      expect(reply.body).not.toContain('Paper 1')
    }
    expect([await stateOf(db), await db.$count(picks), await db.$count(auditLog)]).toEqual(['draft', 0, 0])
  })

  test.for([{ 'sec-fetch-site': 'cross-site' }, { 'sec-fetch-site': 'same-site' }, { origin: 'https://evil.example' }])(
    'refuses a form that another site sent: %j',
    async (headers, { db, site }) => {
      await addPapers(db, DAY, 3)
      await assemble(site.services, { date: DAY })
      const browser = await signedIn(site)
      const reply = await browser.post(`${DESK}/hold`, {}, headers)
      expect([reply.statusCode, await stateOf(db), await auditLines(db)]).toEqual([403, 'draft', []])
      const own = await browser.post(`${DESK}/hold`, {}, { 'sec-fetch-site': 'same-origin' })
      expect([own.statusCode, await stateOf(db)]).toEqual([303, 'held draft'])
    },
  )
})

test('every form has a token; posts without it, or with another session’s, fail', async ({ db, site }) => {
  const { app } = site
  await addPapers(db, DAY, 3)
  await assemble(site.services, { date: DAY })
  const browser = await signedIn(site)
  const { cookies, fields } = await signedIn(site, OPERATOR)
  const visitor = await formOf(site, '/admin/sign-in')
  for (const url of ['/admin/sign-in', '/admin', DESK, '/admin/readers', '/admin/submissions']) {
    const { body } = await (url === '/admin/sign-in' ? app.inject(url) : browser.get(url))
    const forms = body.match(/<form [^>]*method="post"[^>]*>/g)
    expect([url, body.match(/name="_csrf" value="[^"]{20,}"/g)?.length]).toEqual([url, forms?.length])
  }
  const posts = routesOf(app).filter(({ method, path }) => method === 'POST' && path.startsWith('/admin'))
  expect(posts.length).toBeGreaterThan(6)
  const before = [await stateOf(db), await auditLines(db)]
  for (const { path } of posts) {
    const url = path
      .replace(':kind', 'daily')
      .replace(':date', DAY)
      .replace(':action', 'hold')
      .replace(':paper', paperId(2))
      .replace(':verdict', 'pick')
    const tried: [Record<string, string>, Record<string, string>][] = [
      [browser.cookies, {}],
      [browser.cookies, { _csrf: 'none' }],
      [browser.cookies, fields],
      [{ ...cookies, ...browser.cookies, ...visitor.cookies }, visitor.fields],
    ]
    for (const [sent, own] of tried.slice(0, path.startsWith('/admin/sign-in') ? 2 : 4)) {
      const { payload, headers } = form({ email: 'ada@example.org', sure: 'yes', ...own })
      // Passes the origin check of a browser without Sec-Fetch-Site.
      const reply = await app.inject({
        method: 'POST',
        url,
        cookies: sent,
        payload,
        headers: { ...headers, origin: 'null' },
      })
      expect([url, reply.statusCode]).toEqual([url, 403])
    }
  }
  expect([await stateOf(db), await auditLines(db)]).toEqual(before)
  expect((await browser.get('/admin')).statusCode, 'nor was anyone signed out').toBe(200)
})

describe('an edition’s page', () => {
  test('without papers on its list offers no draft, since none can be made', async ({ db, site }) => {
    const browser = await signedIn(site)
    // A Sunday, and a week.
    for (const page of ['/admin/editions/daily/2026-04-12', '/admin/editions/weekly/2026-04-13']) {
      const { body } = await browser.get(page)
      expect(body).toContain('This list has no papers yet')
      expect(body).not.toContain('Assemble a draft')
      expect((await browser.post(`${page}/assemble`)).statusCode).toBe(409)
    }
    await addPapers(db, '2026-04-19', 1)
    expect((await browser.get('/admin/editions/weekly/2026-04-13')).body).toContain('Assemble a draft')
  })

  test('makes the draft, and each word on a paper counts at once', async ({ db, site }) => {
    await addPapers(db, DAY, 4)
    const browser = await signedIn(site)
    const missing = await browser.get(DESK)
    expect([missing.statusCode, missing.body.includes('This edition doesn’t exist yet')]).toEqual([404, true])
    expect((await browser.post(`${DESK}/assemble`)).headers.location).toBe(DESK)
    const paper = (n: number) => `Paper ${n} of ${DAY}`
    expect(titlesIn((await browser.get(DESK)).body)).toEqual([1, 2, 3, 4].map(paper))

    const picked = await browser.post(`${DESK}/papers/${paperId(3)}/pick`, { note: ' <b>Read</b> this one. ' })
    expect(picked.headers.location).toBe(`${DESK}#p-2604-14002`)
    await browser.post(`${DESK}/papers/${paperId(1)}/drop`)
    const { body } = await browser.get(DESK)
    expect(titlesIn(body)).toEqual([3, 2, 4].map(paper))
    expect(body).toContain('&lt;b&gt;Read&lt;/b&gt; this one.</textarea>')
    expect(body.slice(body.indexOf('>Dropped</h2>'))).toContain(paper(1))
    const mail = await browser.get(`${DESK}/email`)
    expect(mail.body).toContain('&lt;b&gt;Read&lt;/b&gt; this one.')
    expect(mail.headers['content-security-policy']).toContain('sandbox')
    // The lead names papers too; a card's title ends its heading.
    const card = (position: number) => mail.body.indexOf(`${paper(position)}</a></h3>`)
    expect(card(3)).toBeGreaterThan(0)
    expect(card(3)).toBeLessThan(card(2))
    expect((await browser.get(`${DESK}/email?format=text&locale=de`)).headers['content-type']).toContain('text/plain')

    await browser.post(`${DESK}/papers/${paperId(1)}/unpick`)
    await browser.post(`${DESK}/papers/${paperId(3)}/unpick`)
    expect(titlesIn((await browser.get(DESK)).body)).toEqual([1, 2, 3, 4].map(paper))
    expect(await auditLines(db)).toEqual([
      `${CURATOR}: assembled the daily edition of ${DAY}`,
      `${CURATOR}: picked paper ${paperId(3)} in the daily edition of ${DAY}`,
      `${CURATOR}: dropped paper ${paperId(1)} in the daily edition of ${DAY}`,
      `${CURATOR}: undid the pick or drop of paper ${paperId(1)} in the daily edition of ${DAY}`,
      `${CURATOR}: undid the pick or drop of paper ${paperId(3)} in the daily edition of ${DAY}`,
    ])
  })

  test('stores the curator’s note, which the email has above the papers', async ({ db, site }) => {
    await addPapers(db, DAY, 4)
    const browser = await signedIn(site)
    await browser.post(`${DESK}/assemble`)
    await browser.post(`${DESK}/wording`, { note: 'Start with *this*. <b>x</b>' })
    expect((await browser.get(DESK)).body).toContain('Start with *this*. &lt;b&gt;x&lt;/b&gt;</textarea>')
    expect((await browser.get(`${DESK}/email`)).body).toContain('Start with <em>this</em>. &lt;b&gt;x&lt;/b&gt;')
    await browser.post(`${DESK}/wording`, { note: ' ' })
    expect((await browser.get(`${DESK}/email`)).body).not.toContain('the editor.')
    expect(await auditLines(db)).toContain(`${CURATOR}: set the words of the daily edition of ${DAY}`)
  })

  test('offers to recall an edition exactly while that is possible', async ({ db, site }) => {
    await addReaders(db, 2)
    const id = await releasedEdition(site.services, DAY)
    await planAll(site.services, id)
    const browser = await signedIn(site, OPERATOR)
    const offersRecall = async () => (await browser.get(DESK)).body.includes('Recall to draft')
    // An attempt that was refused or deferred left nothing with a reader. One that was cut before may have.
    for (const [set, may] of [
      [sql`state = 'deferred', hand_overs = 1`, true],
      [sql`state = 'deferred', hand_overs = 2, cuts = 1`, false],
      [sql`state = 'refused', hand_overs = 2, cuts = 0, crashes = 1`, false],
      [sql`state = 'accepted', crashes = 0`, false],
    ] as const) {
      await db.execute(sql`UPDATE deliveries SET ${set} WHERE subscriber_id = 1`)
      expect(await offersRecall()).toBe(may)
    }
    const { statusCode } = await browser.post(`${DESK}/recall`, { sure: 'yes' })
    expect(statusCode).toBe(409)
  })

  test('holds, resumes, releases, pauses and cancels; final actions need a tick', async ({ db, site }) => {
    await addReaders(db, 3)
    await addPapers(db, DAY, 4)
    const browser = await signedIn(site, OPERATOR)
    const press = async (action: string, fields: Record<string, string> = {}) => {
      const { statusCode } = await browser.post(`${DESK}/${action}`, fields)
      return `${statusCode} ${await stateOf(db)}`
    }
    const offered = async () =>
      [
        ...(await browser.get(DESK)).body.matchAll(
          /action="[^"]*\/(assemble|hold|resume|release|pause|recall|cancel)">/g,
        ),
      ]
        .map(([, action]) => action)
        .toSorted()
    expect(await press('assemble')).toBe('303 draft')
    expect(await offered()).toEqual(['assemble', 'cancel', 'hold', 'release'])
    expect(await press('hold')).toBe('303 held draft')
    expect(await press('resume')).toBe('303 draft')
    expect(await press('release')).toBe('422 draft')
    expect(await press('release', { sure: 'yes' })).toBe('303 released')
    await planAll(site.services, 1)
    await db.update(editions).set({ state: 'sending' })
    expect(await offered()).toEqual(['cancel', 'pause', 'recall'])
    expect((await browser.get(DESK)).body).toContain('<dt>Waiting to be sent</dt><dd>3</dd>')
    expect(await press('pause')).toBe('303 paused')
    expect(await offered()).toEqual(['cancel', 'recall', 'resume'])
    expect(await press('resume')).toBe('303 sending')
    expect(await press('cancel')).toBe('422 sending')
    expect(await press('cancel', { sure: 'yes' })).toBe('303 cancelled')
    expect(await offered()).toEqual([])
    expect(await press('hold')).toBe('409 cancelled')
    expect(await press('release', { sure: 'yes' })).toBe('409 cancelled')
    expect(await press('assemble')).toBe('409 cancelled')
    expect((await auditLines(db)).map((line) => line.split(' ')[1])).toEqual([
      'assembled',
      'held',
      'resumed',
      'released',
      'paused',
      'resumed',
      'cancelled',
    ])
  })

  test('says why it cannot, and leaves no half of it behind', async ({ db, site }) => {
    await releasedEdition(site.services, DAY, 3)
    const browser = await signedIn(site)
    const late = await browser.post(`${DESK}/papers/${paperId(1)}/drop`)
    expect([late.statusCode, late.body]).toEqual([409, expect.stringMatching(/can no longer change.*Recall it/)])
    const unknown = await browser.post(`${DESK}/papers/2604.99999/pick`)
    expect([unknown.statusCode, unknown.body.includes('There is no paper')]).toEqual([404, true])
    const empty = await browser.post('/admin/editions/daily/2026-04-10/assemble')
    expect([empty.statusCode, empty.body.includes('no papers were collected')]).toEqual([409, true])
    for (const url of [
      '/admin/editions/daily/2026-02-30',
      '/admin/editions/hourly/2026-04-14',
      `${DESK}/hold`,
      `${DESK}/papers/${paperId(1)}/pick`,
    ])
      expect((await browser.get(url)).statusCode).toBeGreaterThanOrEqual(400)
    expect((await browser.post(`${DESK}/toString`)).statusCode).toBe(404)
    for (const action of ['assemble', 'release'])
      expect((await browser.post(`${DESK}/${action}`, { sure: 'yes' })).statusCode).toBe(409)
    expect([await db.$count(picks), await auditLines(db)]).toEqual([0, []])
  })
})

test('a proposed paper is put on a list day, or declined', async ({ db, site }) => {
  const found = (title: string, sourceId: string) => ({
    source: 'arxiv',
    sourceId,
    title,
    abstract: 'It works.',
    authors: ['Ada Lovelace'],
    keywords: [],
    categories: [],
    raw: {},
  })
  await db.insert(submissions).values([
    { arxivId: '2604.00001', state: 'found', found: found('A & B', '2604.00001') },
    { arxivId: '2604.00002', state: 'found', found: found('C', '2604.00002') },
    { arxivId: '2604.00003', state: 'asked' },
  ])
  const browser = await signedIn(site)
  expect((await browser.get('/admin')).body).toContain('Review 2 suggested papers')
  expect((await browser.get('/admin/submissions')).body).toContain('A &amp; B')
  expect((await browser.post('/admin/submissions/2604.00001/accept', { date: DAY })).statusCode).toBe(303)
  expect((await browser.post('/admin/submissions/2604.00002/decline')).statusCode).toBe(303)
  expect((await browser.post('/admin/submissions/2604.00003/accept')).statusCode).toBe(404)
  expect(await db.select({ title: papers.title, listDay: papers.listDay }).from(papers)).toEqual([
    { title: 'A & B', listDay: DAY },
  ])
  expect(await auditLines(db)).toEqual([
    `${CURATOR}: accepted paper 2604.00001`,
    `${CURATOR}: declined paper 2604.00002`,
  ])
})

test('a bad list day for suggestions keeps the ticks and the page, and changes nothing', async ({ db, site }) => {
  await db.insert(submissions).values(
    Array.from({ length: 102 }, (_, i) => ({
      arxivId: `2604.${10_000 + i}`,
      state: 'found' as const,
      found: { source: 'arxiv', sourceId: `2604.${10_000 + i}`, title: `Paper ${i}`, abstract: 'x', authors: ['A'] },
    })),
  )
  const browser = await signedIn(site)
  const [, next] = /rel="next" href="([^"]+)"/.exec((await browser.get('/admin/submissions')).body)!
  const second = (await browser.get(next!)).body
  const [, after] = /name="after" value="(\d+)"/.exec(second)!
  for (const date of ['2027-01-01', 'soon']) {
    const fields = { paper: '2604.10101', word: 'accept', date, after: after! }
    const { statusCode, body } = await browser.post('/admin/submissions', fields)
    expect(statusCode).toBe(422)
    expect(body).toContain('name="paper" value="2604.10101" checked')
    expect(body).toContain('name="paper" value="2604.10100">')
    expect(body).toContain(`value="${date}" aria-invalid="true"`)
    expect(body).toMatch(/id="date-problem">Give a list day/)
  }
  expect(await db.$count(papers)).toBe(0)
  const decline = (paper: string) =>
    browser.post('/admin/submissions', { paper, word: 'decline', date: 'x', after: after! })
  expect((await decline('2604.10101')).body, 'the rest of the page').toContain('value="2604.10100"')
  expect((await decline('2604.10100')).body, 'the first page, when none is left').toContain('value="2604.10000"')
})

describe('a reader’s page', () => {
  test('tells what became of their digests, and looking changes nothing', async ({ db, site }) => {
    await addSubscriber(db, 'ada@example.org', { zone: 'Asia/Tokyo', consentForm: 'web form 2026-11' })
    await planAll(site.services, await releasedEdition(site.services, DAY, 3))
    await db.execute(
      sql`UPDATE deliveries SET state = 'accepted', reply = '250 queued as 4F1', relay = 'main', handed_at = now()`,
    )
    const before = await db.select().from(subscribers)
    const browser = await signedIn(site)
    const { statusCode, body } = await browser.post('/admin/readers', { email: ' Ada@Example.org ' })
    expect(statusCode).toBe(200)
    for (const words of [
      'active',
      '08:00, Asia/Tokyo',
      'web form 2026-11',
      'main: 250 queued as 4F1',
      '@paperboy.example&gt;',
    ])
      expect(body).toContain(words)
    expect((await browser.post('/admin/readers', { email: 'bob@example.org' })).body).toContain(
      'No subscriber has this address',
    )
    const bad = await browser.post('/admin/readers', { email: 'ada' })
    expect([bad.statusCode, bad.body.includes('An email address needs an @')]).toEqual([422, true])
    expect(await db.select().from(subscribers)).toEqual(before)
    expect(await auditLines(db)).toEqual([])
  })

  test('does what they asked for by mail; their address is in no log of it', async ({ db, site }) => {
    const id = await addSubscriber(db, 'ada@example.org')
    const browser = await signedIn(site)
    const press = async (action: string, fields: Record<string, string> = {}) => {
      const { statusCode } = await browser.post(`/admin/readers/${action}`, { email: 'ada@example.org', ...fields })
      const [reader] = await db.select({ status: subscribers.status }).from(subscribers)
      return [statusCode, reader!.status, await db.$count(suppressions)]
    }
    expect(await press('unsubscribe')).toEqual([200, 'unsubscribed', 0])
    // Changes nothing, so it enters no log.
    expect(await press('unsubscribe')).toEqual([200, 'unsubscribed', 0])
    expect(await press('suppress')).toEqual([200, 'unsubscribed', 1])
    expect(await press('suppress')).toEqual([200, 'unsubscribed', 1])
    expect(await press('lift')).toEqual([200, 'unsubscribed', 0])
    expect(await press('lift')).toEqual([422, 'unsubscribed', 0])
    expect(await press('erase')).toEqual([422, 'unsubscribed', 0])
    expect(await press('erase', { sure: 'yes' })).toEqual([200, 'erased', 1])
    expect(await press('unsubscribe')).toEqual([422, 'erased', 1])
    // Belongs to no reader, and still must not get email.
    expect(await press('lift')).toEqual([200, 'erased', 0])
    expect(await auditLines(db)).toEqual([
      `${CURATOR}: unsubscribed reader ${id}`,
      `${CURATOR}: suppressed reader ${id}`,
      `${CURATOR}: lifted the suppression of reader ${id}`,
      `${CURATOR}: erased reader ${id}`,
      `${CURATOR}: lifted the suppression of an address`,
    ])
    const { body } = await browser.get('/admin/log')
    expect(body).toContain(`erased reader ${id}`)
    expect(body + site.logged()).not.toContain('ada@')
  })
})

test('Today lists problems, and Deliveries every edition', async ({ db, site }) => {
  await addSubscriber(db, 'ada@example.org')
  await planAll(site.services, await releasedEdition(site.services, DAY, 3))
  await db.update(editions).set({ state: 'sending' })
  await db.execute(sql`UPDATE mailing SET halted_at = now(), halted_why = 'it looks restored'`)
  const { body } = await (await signedIn(site)).get('/admin')
  expect(body).toContain('Error: Mailing')
  expect(body).toContain('it looks restored')
  const deliveries = (await (await signedIn(site)).get('/admin/deliveries')).body
  expect(deliveries).toContain('14 April 2026')
  expect(deliveries).toContain('>1 queued</td>')
})

test('Deliveries names who is slowed down, at which rate and why', async ({ db, site }) => {
  await db.execute(sql`INSERT INTO buckets (name, rate, asked_rate, why, slowed_at, raised_at)
    VALUES ('domain slow.example', 4, 8, '451 4.7.0 <too> fast', ${site.services.now()}, ${site.services.now()})`)
  const { body } = await (await signedIn(site)).get('/admin/deliveries')
  expect(body).toMatch(
    /<dt>Relays<\/dt><dd>domain slow\.example is held at 4 a second since .* UTC: 451 4\.7\.0 &lt;too&gt; fast<\/dd>/,
  )
})

test('Today names an automatically paused edition: reason, time, fix and link', async ({ db, site }) => {
  await addSubscriber(db, 'ada@example.org')
  await planAll(site.services, await releasedEdition(site.services, DAY, 3))
  await db.update(editions).set({ state: 'paused', pausedWhy: '30 of 202 mails were refused' })
  await db.execute(sql`
    UPDATE deliveries SET state = 'refused', settled_at = '2026-04-15T09:30Z', reply = '550 5.7.1 <b>blocked</b> for ada@example.org'`)
  const { body } = await (await signedIn(site)).get('/admin')
  const needed = body.slice(body.indexOf('class="needed"'))
  expect(needed).toMatch(/class="error"><strong>Error: Edition/)
  expect(needed).toContain(`the daily edition of ${DAY} was paused automatically: 30 of 202 mails were refused.`)
  expect(needed).toContain(`<a href="${DESK}">Open the edition</a>`)
  expect(needed).toContain('1 × 550 5.7.1 &lt;b&gt;blocked&lt;/b&gt; for [address]')
  expect(needed).toMatch(/Since [^.]*15 April 2026[^.]*09:30/)
  expect(needed).toContain('What to do: fix the cause of the replies')
  expect(body).not.toContain('Nothing needs you')
})

test('a preview for an address of no reader leads back into its field, which says why', async ({ db, site }) => {
  await addPapers(db, DAY, 1)
  const browser = await signedIn(site)
  await browser.post(`${DESK}/assemble`)
  for (const email of ['nobody@example.org', 'no address']) {
    const { statusCode, body } = await browser.post(`${DESK}/preview`, { email })
    expect(statusCode).toBe(422)
    expect(body).toContain(`value="${email}" aria-invalid="true" aria-describedby="email-problem" autofocus>`)
    expect(body).toMatch(/<p class="problem" id="email-problem">[^<]{9,}</)
  }
})

test('every page is valid HTML, whatever a title or a note says', async ({ db, site }) => {
  await addPapers(db, DAY, 3)
  await addReaders(db, 2)
  await db.execute(sql`UPDATE papers SET title = title || ' & <b> "x"'`)
  await db.insert(submissions).values({ arxivId: '2604.00001', state: 'found', found: { title: '<i> & "y"' } })
  const browser = await signedIn(site)
  await browser.post(`${DESK}/assemble`)
  await browser.post(`${DESK}/papers/${paperId(2)}/pick`, { note: '"<u>" & so on' })
  await browser.post(`${DESK}/papers/${paperId(3)}/drop`)
  const pages = [
    ...[
      '/admin',
      DESK,
      '/admin/editions/weekly/2026-04-13',
      `${DESK}/preview?theme=dark&width=phone&locale=de`,
      `${DESK}/add?q=paper`,
      '/admin/deliveries',
      `${DESK}/deliveries?state=refused`,
      '/admin/submissions',
      '/admin/readers',
      '/admin/log',
      '/admin/sign-in',
      '/admin/sign-in?sent=',
    ].map((url) => browser.get(url)),
    browser.post(`${DESK}/cancel`),
    browser.post(`${DESK}/again`, { only: 'refused' }),
    browser.post(`${DESK}/preview`, { email: 'nobody@example.org' }),
    browser.post(`${DESK}/wording`, { note: '[x](https://x.example) <b>', do: 'preview' }),
    browser.post(`${DESK}/wording`, { note: 'x', seen: 'stale' }),
    browser.post(`${DESK}/wording`, { sponsorName: '<x>' }),
    browser.post('/admin/readers', { email: 'reader-1@example.org' }),
    browser.post('/admin/readers', { email: '"><x' }),
    browser.post(`${DESK}/papers/none/pick`),
    browser.post('/admin/sign-in', { email: 'a' }),
  ]
  const validator = new HtmlValidate(PAGE_RULES)
  for (const page of pages) {
    const { body, statusCode } = await page
    expect(statusCode).toBeLessThan(500)
    const report = await validator.validateString(body)
    expect(
      report.results.flatMap(({ messages }) =>
        messages.map(({ message, ruleId, line }) => `${ruleId} ${message} ${body.split('\n')[line - 1]}`),
      ),
    ).toEqual([])
  }
})
