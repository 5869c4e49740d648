import { parse } from 'csv-parse/sync'
import { sql } from 'drizzle-orm'
import { HtmlValidate } from 'html-validate'
import { describe, expect } from 'vitest'
import { createSignInLink } from '../../src/operate/admins/sessions.ts'
import { auditLog, papers, submissions } from '../../src/runtime/db/schema.ts'
import type { JobName } from '../../src/runtime/jobs.ts'
import { countSumsJob } from '../../workers/count-sums.ts'
import { addPapers, addReaders, addSubscriber, releasedEdition } from '../support/services.ts'
import { auditLines, CURATOR, OPERATOR, signedIn, test } from './admin.ts'
import { notedWakes } from './site.ts'
import { PAGE_RULES } from './valid-html.ts'

/** The texts of links in the first column of a table. */
const linksIn = (body: string) =>
  [...body.matchAll(/<th scope="row"><a href="[^"]*">([^<]+)</g)].map(([, text]) => text)
const nextIn = (body: string) => /rel="next" href="([^"]+)"/.exec(body)?.[1]?.replaceAll('&amp;', '&')

describe('the list of readers', () => {
  test('filters by link and searches by form; no link, log or audit entry has an address', async ({ db, site }) => {
    await addReaders(db, 3, { topics: ['llm-agents'] })
    await addSubscriber(db, 'ada@lab.example', { cadence: 'weekly' })
    await countSumsJob(site.services)
    const browser = await signedIn(site)
    const all = await browser.get('/admin/readers')
    expect(linksIn(all.body)).toEqual([
      'ada@lab.example',
      'reader-3@example.org',
      'reader-2@example.org',
      'reader-1@example.org',
    ])
    expect(all.body).toContain('<strong>4</strong> active')
    expect(linksIn((await browser.get('/admin/readers?cadence=weekly&status=&topic=')).body)).toEqual([
      'ada@lab.example',
    ])
    expect(linksIn((await browser.get('/admin/readers?topic=llm-agents&domain=LAB.example')).body)).toEqual([])
    expect((await browser.get('/admin/readers?domain=163')).body, 'no IP address').toMatch(
      /name="domain"[^>]* value="163"/,
    )
    expect(linksIn((await browser.get('/admin/readers?joinedFrom=not-a-day&before=x')).body)).toHaveLength(4)
    const found = await browser.post('/admin/readers/search', { text: ' ADA@ ', status: 'active' })
    expect(linksIn(found.body)).toEqual(['ada@lab.example'])
    for (const [, href] of found.body.matchAll(/href="([^"]*)"/g)) expect(href).not.toContain('ada')
    const csv = await browser.post('/admin/readers/export', { text: 'ada@', status: 'active', domain: 'lab.example' })
    expect(csv.headers['content-disposition']).toContain('readers-2026-04-15.csv')
    expect(csv.body, 'for Excel').toMatch(/^\uFEFF/)
    expect((parse(csv.body, { columns: true, bom: true }) as { email: string }[]).map(({ email }) => email)).toEqual([
      'ada@lab.example',
    ])
    expect(await auditLines(db)).toEqual([
      `${CURATOR}: exported readers with status active and a domain and a part of the address`,
    ])
    expect(site.logged()).not.toContain('ada@')
  })

  test('shows 50 readers and a link to the older ones, which keeps the filter', async ({ db, site }) => {
    await addReaders(db, 60)
    const browser = await signedIn(site)
    const first = await browser.get('/admin/readers?status=active')
    const next = nextIn(first.body)!
    expect(next).toMatch(/^\/admin\/readers\?status=active&before=\d+$/)
    const second = await browser.get(next)
    expect([...linksIn(first.body), ...linksIn(second.body)]).toHaveLength(60)
    expect([nextIn(second.body), second.body.includes('Growth and churn')]).toEqual([undefined, false])
  })

  test('adds a reader as pending, or as active with attested consent; one who unsubscribed is refused', async ({
    db,
    site,
  }) => {
    await addSubscriber(db, 'left@example.org', { status: 'unsubscribed' })
    const browser = await signedIn(site)
    const add = async (email: string, more = {}) => (await browser.post('/admin/readers/add', { email, ...more })).body
    expect(await add('new@example.org')).toContain('they get an email that asks to confirm')
    expect(await add('agreed@example.org', { agreed: 'yes' })).toContain('Added.')
    expect(await add('left@example.org', { agreed: 'yes' })).toContain('Not added: this address unsubscribed')
    expect(await add('new@example.org')).toContain('Nothing was changed')
    const typed = await browser.post('/admin/readers/add', { email: 'new', agreed: 'yes' })
    expect(typed.statusCode).toBe(422)
    expect(typed.body, 'keeps the tick').toMatch(/name="agreed" value="yes" checked/)
    const { rows } = await db.execute(sql`
      SELECT email, status, imported_by, (SELECT count(*)::int FROM outbox o WHERE o.subscriber_id = s.id AND kind = 'confirm') AS asked
      FROM subscribers s ORDER BY id`)
    expect(rows).toEqual([
      { email: 'left@example.org', status: 'unsubscribed', imported_by: null, asked: 0 },
      { email: 'new@example.org', status: 'pending', imported_by: CURATOR, asked: 1 },
      { email: 'agreed@example.org', status: 'active', imported_by: CURATOR, asked: 0 },
    ])
    expect(await auditLines(db), 'two were added').toEqual(Array(2).fill(`${CURATOR}: added a reader`))
  })

  test('wakes a worker for the confirmation email of an added reader once it is stored', async ({ site }) => {
    const browser = await signedIn(site)
    const wakes = notedWakes(site)
    await browser.post('/admin/readers/add', { email: 'new@example.org' })
    expect(wakes).toEqual([{ name: 'send-service-emails', early: false }])
  })

  test('leads to one reader by number, with their history; their data can be exported', async ({ db, site }) => {
    const id = await addSubscriber(db, 'ada@example.org', { topics: ['llm-agents'] })
    await db.execute(sql`
      INSERT INTO inbound_events (received_at, source, fingerprint, class, reason, subscriber_id, did, evidence)
      VALUES (now(), 'imap', 'x', 'soft', 'full', ${id}, 'counted', 'mailbox of [address] is full')`)
    const browser = await signedIn(site)
    await browser.post('/admin/readers/unsubscribe', { email: 'ada@example.org' })
    const { body } = await browser.get(`/admin/readers/${id}`)
    for (const words of [
      'ada@example.org',
      'soft bounce',
      'mailbox of [address] is full',
      `unsubscribed by ${CURATOR}`,
    ])
      expect(body).toContain(words)
    expect((await browser.get('/admin/readers/999')).statusCode).toBe(404)
    const data = (await browser.post('/admin/readers/data', { email: 'ada@example.org' })).json()
    expect(data.tables.subscribers[0]).toMatchObject({ email: 'ada@example.org', topics: ['llm-agents'] })
    await browser.post('/admin/readers/erase', { email: 'ada@example.org', sure: 'yes' })
    const erased = await browser.get(`/admin/readers/${id}`)
    expect([erased.statusCode, erased.body.includes(`Reader ${id}`), erased.body.includes('ada@')]).toEqual([
      200,
      true,
      false,
    ])
  })
})

test('a browser that is signed out here is out at once, and a cancelled link signs no one in', async ({ db, site }) => {
  const mine = await signedIn(site)
  const stolen = await signedIn(site, OPERATOR)
  const link = new URL(await createSignInLink(site.services, OPERATOR)).pathname
  const { body } = await mine.get('/admin/sessions')
  expect([body.includes('this browser'), body.match(/unused link/g)?.length]).toEqual([true, 1])
  expect((await stolen.get('/admin/log')).statusCode).toBe(200)
  const ids = [...body.matchAll(new RegExp(`/admin/sessions/(\\d+)/end">.*?: ${OPERATOR},`, 'g'))].map(([, id]) => id!)
  expect(ids).toHaveLength(2)
  for (const id of ids) expect((await mine.post(`/admin/sessions/${id}/end`)).statusCode).toBe(303)
  expect((await stolen.get('/admin/log')).statusCode).toBe(401)
  expect((await stolen.post('/admin/readers/search')).statusCode).toBe(401)
  expect((await site.app.inject(link)).statusCode).toBe(410)
  expect((await mine.post(`/admin/sessions/${ids[0]}/end`)).statusCode).toBe(404)
  expect(await auditLines(db)).toEqual(Array(2).fill(`${CURATOR}: signed out a browser of ${OPERATOR}`))
})

test('the audit log filters, pages without loss while entries arrive, and exports what it shows', async ({
  db,
  site,
}) => {
  const at = (day: number) => new Date(Date.UTC(2026, 3, day, 12))
  await db.insert(auditLog).values(
    Array.from({ length: 230 }, (_, n) => ({
      at: at(1 + (n % 10)),
      actor: n % 2 === 0 ? 'ada@desk.example' : '=cmd()',
      action: n % 5 === 0 ? 'paused' : 'erased',
      target: `reader ${n}`,
    })),
  )
  const browser = await signedIn(site)
  const targets = (body: string) =>
    [...body.matchAll(/<td[^>]*>(?:paused|erased) (reader \d+)<\/td>/g)].map(([, name]) => name)
  const first = await browser.get('/admin/log?words=ERASED')
  await db.insert(auditLog).values({ at: at(20), actor: 'x', action: 'erased', target: 'reader 999' })
  const second = await browser.get(nextIn(first.body)!)
  const seen = [...targets(first.body), ...targets(second.body)]
  expect([seen.length, new Set(seen).size, nextIn(second.body)]).toEqual([184, 184, undefined])
  const days = await browser.get('/admin/log?words=paused&from=2026-04-01&to=2026-04-01')
  expect(targets(days.body)).toHaveLength(23)
  expect(targets((await browser.get('/admin/log?words=reader+1')).body), 'and not reader 17').toEqual(['reader 1'])
  expect(targets((await browser.get('/admin/log?words=aused')).body), 'not the middle of a word').toEqual([])
  expect(targets((await browser.get('/admin/log?words=reader+.')).body), 'no pattern').toEqual([])
  expect((await browser.get('/admin/log?actor=cmd')).body, 'a part of a name').toContain('No entry matches.')
  expect(targets((await browser.get('/admin/log?actor=ADA@desk.example&words=paus')).body)).toHaveLength(23)
  const csv = await browser.post('/admin/log/export', { actor: '=cmd()', words: 'paused' })
  expect(csv.body, 'for Excel').toMatch(/^\uFEFF/)
  const rows = parse(csv.body, { columns: true, bom: true }) as { actor: string; action: string }[]
  expect([rows.length, rows[0]!.actor]).toEqual([23, "'=cmd()"])
  expect((await auditLines(db)).at(-1)).toBe(`${CURATOR}: exported the audit log`)
})

test('the audit log is filtered by any of many actors, and offers the latest ones', async ({ db, site }) => {
  const names = Array.from({ length: 300 }, (_, n) => `API key ${n + 1} (shop)`)
  await db
    .insert(auditLog)
    .values(['zoe@desk.example', ...names].map((actor) => ({ at: new Date(), actor, action: 'paused', target: actor })))
  const browser = await signedIn(site)
  const { body } = await browser.get('/admin/log')
  const offered = [...body.matchAll(/<option value="([^"]+)">/g)].map(([, name]) => name)
  expect(offered).toHaveLength(200)
  expect(offered).toEqual(expect.arrayContaining(['API key 300 (shop)', CURATOR]))
  for (const actor of ['zoe@desk.example', 'Zoe@desk.example', 'API key 7 (shop)']) {
    const filtered = await browser.get(`/admin/log?actor=${encodeURIComponent(actor)}`)
    expect(filtered.body).toContain(`value="${actor}"`)
    expect([...filtered.body.matchAll(/<td[^>]*>paused /g)]).toHaveLength(1)
  }
})

test('the inbound list shows each report, what it did, and the unmatched ones', async ({ db, site }) => {
  const reader = await addSubscriber(db, 'ada@example.org')
  const edition = await releasedEdition(site.services, '2026-04-14', 3)
  await db.execute(sql`
    INSERT INTO inbound_events (received_at, source, fingerprint, class, reason, authority, subscriber_id, edition_id, did, status, evidence)
    SELECT now(), 'imap', n::text::bytea, CASE WHEN n % 2 = 0 THEN 'hard' ELSE 'soft' END, 'unknown',
      CASE WHEN n <= 60 THEN 'return path' END, CASE WHEN n <= 60 THEN ${reader}::bigint END, ${edition}::bigint,
      CASE WHEN n = 2 THEN 'suppressed' ELSE 'nothing' END, '5.1.1', 'report <' || n || '>'
    FROM generate_series(1, 70) AS n`)
  const browser = await signedIn(site)
  const reports = (body: string) => [...body.matchAll(/report &lt;(\d+)&gt;/g)].map(([, n]) => Number(n))
  const first = await browser.get('/admin/inbound')
  const second = await browser.get(nextIn(first.body)!)
  expect([...reports(first.body), ...reports(second.body)]).toEqual(Array.from({ length: 70 }, (_, n) => 70 - n))
  expect(second.body).toContain(`<a href="/admin/readers/${reader}">`)
  expect(second.body).toContain('/admin/editions/daily/2026-04-14')
  expect(reports((await browser.get('/admin/inbound?matched=no')).body)).toHaveLength(10)
  expect(reports((await browser.get('/admin/inbound?did=suppressed&class=hard')).body)).toEqual([2])
})

// The source was first read on the 4th: the days before are no gaps.
test('sources show their gaps, and a worker is asked to read one now', async ({ db, site }) => {
  const woken: [JobName, object][] = []
  site.services.queues = { ...site.services.queues, wake: async (name, data) => void woken.push([name, data]) }
  await db.execute(sql`
    INSERT INTO source_reads (source, list_day, read_at, papers) SELECT 'hf', day, '2026-04-15T11:00Z', CASE day::date WHEN '2026-04-09' THEN 0 ELSE 9 END
    FROM generate_series('2026-04-04'::date, '2026-04-15', '1 day') AS day WHERE day <> '2026-04-07'`)
  await db.execute(
    sql`INSERT INTO polls VALUES ('hf', '2026-04-14', '2026-04-14T01:00Z'), ('hf', '2026-04-14', '2026-04-14T06:30Z'), ('hf', '2026-04-14', '2026-04-14T07:00Z')`,
  )
  const browser = await signedIn(site)
  const { body } = await browser.get('/admin/sources')
  expect(body).toMatch(/7 April 2026<\/th><td[^>]*>not read/)
  expect(body).toMatch(/9 April 2026<\/th><td[^>]*>no papers on a working day/)
  expect(body.match(/name="day" value="2026-04-/g)).toHaveLength(3)
  expect(body).toContain('2026-04-14 01:00 UTC to 2026-04-14 06:30 UTC, 5.5 hours')
  const asked = await browser.post('/admin/sources/hf/fetch', { day: '2026-04-07' })
  expect(asked.headers.location).toBe('/admin/sources?asked=hf')
  const bad = await browser.post('/admin/sources/hf/fetch', { day: '2026-02-30' })
  expect([bad.statusCode, bad.body.includes('value="2026-02-30" aria-invalid="true"')]).toEqual([422, true])
  expect((await browser.post('/admin/sources/other/fetch')).statusCode).toBe(404)
  expect(woken).toEqual([['collect-papers', { source: 'hf', day: '2026-04-07' }]])
  expect(await auditLines(db)).toEqual([`${CURATOR}: asked for a read of hf, 2026-04-07`])
})

test('several submissions are accepted or declined at once; one that is gone stops no other', async ({ db, site }) => {
  const found = (n: number) => ({
    source: 'arxiv',
    sourceId: `2604.0000${n}`,
    title: `Title ${n}`,
    abstract: 'It works.',
    authors: ['Ada Lovelace'],
    ...{ keywords: [], categories: [], raw: {} },
  })
  await db
    .insert(submissions)
    .values([1, 2, 3, 4].map((n) => ({ arxivId: `2604.0000${n}`, state: 'found' as const, found: found(n) })))
  const browser = await signedIn(site)
  const post = (fields: [string, string][]) => browser.post('/admin/submissions', fields)
  const accepted = await post([
    ['paper', '2604.00001'],
    ['paper', '2604.00009'],
    ['paper', '2604.00003'],
    ['word', 'accept'],
    ['date', '2026-04-14'],
  ])
  expect(accepted.body).toContain('2 papers accepted.')
  expect(accepted.body).toContain('Decided already, or not found: 2604.00009.')
  expect(
    (
      await post([
        ['paper', '2604.00002'],
        ['word', 'decline'],
      ])
    ).body,
  ).toContain('1 paper declined.')
  expect((await db.select({ title: papers.title }).from(papers).orderBy(papers.id)).map(({ title }) => title)).toEqual([
    'Title 1',
    'Title 3',
  ])
  expect(await auditLines(db)).toEqual([
    `${CURATOR}: accepted paper 2604.00001`,
    `${CURATOR}: accepted paper 2604.00003`,
    `${CURATOR}: declined paper 2604.00002`,
  ])
})

test('insights show sums and say which are left out; settings show no secret', async ({ db, site }) => {
  const ids = await addPapers(db, '2026-04-14', 2)
  await addReaders(db, 6, { topics: ['robotics'] })
  await db.execute(sql`
    INSERT INTO votes SELECT s.id, p.id, '2026-04-14T09:00Z', '' FROM subscribers s, papers p WHERE p.id = ${ids[0]} OR s.id <= 3`)
  await countSumsJob(site.services)
  const browser = await signedIn(site)
  const { body } = await browser.get('/admin/insights')
  expect(body).toContain('Sums under 5 people are neither stored nor shown')
  expect(body).toContain('Paper 1 of 2026-04-14')
  expect(body).not.toContain('Paper 2 of 2026-04-14')
  expect(body).toMatch(/href="\/admin\/readers\?topic=robotics"/)
  const settings = await browser.get('/admin/settings')
  const { SECRET_KEY, SUPPRESSION_KEY } = site.services.config
  expect([SECRET_KEY, SUPPRESSION_KEY].filter((key) => settings.body.includes(key))).toEqual([])
  expect(settings.body).toContain('set, hidden')
  expect(settings.body).toContain('daily, 10 papers, at 8:00')
  expect(settings.body).not.toContain('undefined')
})

test('each list is valid HTML, empty and full', async ({ db, site }) => {
  const browser = await signedIn(site)
  const urls = [
    '/admin/readers',
    '/admin/insights',
    '/admin/sources',
    '/admin/submissions',
    '/admin/inbound',
    '/admin/settings',
    '/admin/log',
    '/admin/sessions',
    '/admin/readers/import',
  ]
  const validator = new HtmlValidate(PAGE_RULES)
  const check = async () => {
    for (const url of urls) {
      const { body, statusCode } = await browser.get(url)
      const { results } = await validator.validateString(body)
      const found = results.flatMap(({ messages }) =>
        messages.map(({ ruleId, message, line }) => `${ruleId} ${message} ${body.split('\n')[line - 1]}`),
      )
      expect([url, statusCode, found]).toEqual([url, 200, []])
    }
  }
  await check()
  await addReaders(db, 60, { topics: ['robotics', 'x-"<y>'] })
  await db.execute(
    sql`INSERT INTO inbound_events (received_at, source, fingerprint, class, reason, did, evidence) VALUES (now(), 'imap', 'x', 'hard', '"<r>', 'nothing', '<e> & "x"')`,
  )
  await db.insert(submissions).values({ arxivId: '2604.00001', state: 'found', found: { title: '<i> & "y"' } })
  await db.insert(auditLog).values({ at: new Date(), actor: '"<a>', action: '<b>', target: '&' })
  await countSumsJob(site.services)
  await check()
})
