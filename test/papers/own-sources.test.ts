import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { asc, eq, sql } from 'drizzle-orm'
import { simpleParser } from 'mailparser'
import { expect, onTestFinished } from 'vitest'
import { preview } from '../../src/delivery/preview/preview.ts'
import { assemble } from '../../src/edition/draft/assemble.ts'
import { release } from '../../src/edition/draft/release.ts'
import { mintToken } from '../../src/mail/tokens.ts'
import { doiOf } from '../../src/papers/cite.ts'
import { collect } from '../../src/papers/ingest/collect.ts'
import { configuredSources } from '../../src/papers/ingest/sources/configured.ts'
import { readingListSource } from '../../src/papers/ingest/sources/reading-list.ts'
import { castVote } from '../../src/papers/votes/cast.ts'
import { readEnvironment } from '../../src/runtime/config/config.ts'
import type { Db } from '../../src/runtime/db/database.ts'
import { papers, subscribers } from '../../src/runtime/db/schema.ts'
import { collectPapersJob } from '../../workers/collect-papers.ts'
import { siteOn } from '../http/site.ts'
import { test } from '../support/database.ts'
import { addSubscriber, servicesOn } from '../support/services.ts'

const FIXTURES = join(import.meta.dirname, '../fixtures')
const feedOf = (name: string) => readFileSync(join(FIXTURES, 'feeds', name), 'utf8')

/** A server of feeds that counts requests and answers 304 to the tag it gave. */
async function feedServer(bodies: Record<string, string | Buffer>, type = 'application/rdf+xml') {
  const asked: { url: string; tag: string | undefined; agent: string | undefined }[] = []
  const server = createServer(({ url = '', headers }, reply) => {
    asked.push({ url, tag: headers['if-none-match'], agent: headers['user-agent'] })
    const body = bodies[url.slice(1)]
    if (body === undefined) return void reply.writeHead(404).end()
    const etag = `"${body.length}"`
    if (headers['if-none-match'] === etag) return void reply.writeHead(304).end()
    reply.writeHead(200, { etag, 'content-type': type }).end(body)
  })
  await new Promise<void>((done) => void server.listen(0, '127.0.0.1', done))
  onTestFinished(() => void server.close())
  return { asked, bodies, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }
}

function newsletterFile(sources: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'own-sources-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const identity = readFileSync(join(FIXTURES, 'biology/newsletter.toml'), 'utf8')
  for (const logo of ['logo.svg', 'logo-dark.svg'])
    writeFileSync(join(folder, logo), readFileSync(join(FIXTURES, 'biology', logo)))
  const file = join(folder, 'newsletter.toml')
  writeFileSync(file, `${identity}\n${sources}`)
  return file
}

function biology(db: Db, base: string, at: { now: Date }) {
  return servicesOn(
    db,
    {
      PUBLIC_URL: 'https://biology.example',
      MAIL_FROM: 'papers@biology.example',
      NEWSLETTER_FILE: newsletterFile(`
[[sources]]
name = "biorxiv-neuroscience"
feed = "${base}/biorxiv.xml"
topics = ["neuroscience"]

[[sources]]
name = "pubmed-editing"
feed = "${base}/pubmed.xml"
weight = 4
`),
    },
    at,
  )
}

const titles = async (db: Db) =>
  (await db.select().from(papers).orderBy(asc(papers.id))).map(
    ({ title, listDay }) => `${listDay} ${title.slice(0, 20)}`,
  )

test('a feed or a list is read in the encoding that it or its server states', async ({ db }) => {
  const now = new Date('2026-04-15T12:00:00Z')
  const item = '<item><title>Gödel über Beweise</title><link>https://journal.example/1</link></item>'
  const rss = (encoding = '') => `<?xml version="1.0"${encoding}?><rss version="2.0"><channel>${item}</channel></rss>`
  const latin = (text: string) => Buffer.from(text, 'latin1')
  const list = '[{"title": "Gödel über Beweise", "url": "https://journal.example/1"}]'
  const cases = {
    'stated by the document': ['feed', latin(rss(" encoding='ISO-8859-1'")), 'application/rss+xml'],
    'stated by the server': ['feed', latin(rss()), 'application/rss+xml; charset="ISO-8859-1"'],
    'a byte order mark': ['feed', Buffer.from(`\uFEFF${rss(' encoding="utf-16"')}`, 'utf16le'), 'text/xml'],
    'stated wrongly by a server': ['feed', rss(' encoding="utf-8"'), 'text/xml; charset=ISO-8859-1'],
    'not that of the server': ['feed', latin(rss(' encoding="ISO-8859-1"')), 'text/xml; charset=utf-8'],
    'an unknown one': ['feed', rss(' encoding="x-none"'), 'text/xml; charset=x-none'],
    'a list with a byte order mark': ['list', `\uFEFF${list}`, 'application/json'],
  } as const
  for (const [name, [kind, body, type]] of Object.entries(cases)) {
    const { url } = await feedServer({ it: body }, type)
    const file = newsletterFile(`[[sources]]\nname = "journal"\n${kind} = "${url}/it"`)
    const services = servicesOn(db, { PUBLIC_URL: 'https://biology.example', NEWSLETTER_FILE: file }, { now })
    await collect({ ...services, source: configuredSources(services)[0]! }, '2026-04-15')
    expect([name, (await db.select().from(papers)).map(({ title }) => title)]).toEqual([name, ['Gödel über Beweise']])
    await db.delete(papers)
  }
})

test('Trending Biology Papers: from the feeds to a digest and its pages', async ({ db }) => {
  const at = { now: new Date('2026-04-15T12:00:00Z') }
  const server = await feedServer({ 'biorxiv.xml': feedOf('biorxiv.xml'), 'pubmed.xml': feedOf('pubmed.xml') })
  const services = biology(db, server.url, at)
  const sources = configuredSources(services)
  expect(sources.map(({ name }) => name)).toEqual(['biorxiv-neuroscience', 'pubmed-editing'])
  const collectAll = async (day: string) => {
    for (const source of sources) await collect({ ...services, source }, day)
  }
  await collectAll('2026-04-15')
  // Neither the old entry nor the second version of an unknown paper is news.
  expect(await titles(db)).toEqual([
    '2026-04-15 Ca<sup>2+</sup> wave',
    '2026-04-15 A whole-brain connec',
    '2026-04-15 Base editing of <i>P',
  ])
  await collectAll('2026-04-15')
  expect(server.asked.map(({ tag }) => tag !== undefined)).toEqual([false, false, true, true])
  expect(server.asked[0]!.agent).toMatch(/^TrendingBiologyPapers\//)

  // The next day the feeds still have them: they stay on their day.
  at.now = new Date('2026-04-16T03:30:00Z')
  server.bodies['biorxiv.xml'] += '\n'
  await collectAll('2026-04-16')
  expect((await titles(db)).every((line) => line.startsWith('2026-04-15'))).toBe(true)

  // A reader's vote counts; the heavier source leads the others.
  const reader = await addSubscriber(db, 'ada@example.org', { confirmedAt: at.now, locale: 'de' })
  const [calcium] = await db.select().from(papers).where(eq(papers.sourceId, '10.64898/2026.04.12.712345'))
  expect(calcium).toMatchObject({ keywords: ['neuroscience'], weight: 1 })
  const { editionId } = await assemble(services, { date: '2026-04-15' })
  await release(services, { date: '2026-04-15' })
  expect(editionId).toBeGreaterThan(0)
  const digest = await simpleParser(
    (await preview(services, { kind: 'daily', date: '2026-04-15' }, 'ada@example.org')).eml,
  )
  expect(digest.from?.text).toBe('"Trending Biology Papers" <papers@biology.example>')
  expect(digest.text).toContain('Ca²⁺ waves in Drosophila sleep & the cost of waking')
  expect(digest.text).not.toMatch(/<\/?(?:i|sup|sub)>/)
  expect(digest.text!.indexOf('Base editing')).toBeLessThan(digest.text!.indexOf('connectome'))
  const link = /https:\/\/biology\.example(\/papers\/10\.64898\/2026\.04\.12\.712345)\n/.exec(digest.text!)?.[1]
  expect(link).toBeDefined()

  const { app } = siteOn(services)
  onTestFinished(() => app.close())
  const page = await app.inject(link!)
  expect(page.statusCode).toBe(200)
  expect(page.body).toContain('Ca<sup>2+</sup> waves in <i>Drosophila</i> sleep &amp; the cost of waking')
  expect(page.body).toContain('p &lt; 0.01')
  expect(page.body).toContain('<meta name="citation_doi" content="10.64898/2026.04.12.712345">')
  expect(page.body).toContain(`<link rel="canonical" href="https://biology.example${link}">`)
  for (const other of [
    link!.replaceAll('/2026', '%2F2026'),
    `/papers/${calcium!.id}`,
    '/papers/10.64898/2026.04.12.712345v1',
  ]) {
    const { statusCode, headers } = await app.inject(other)
    expect([other, statusCode === 301 ? headers.location : 'shown', statusCode]).toEqual(
      other.includes('%2F') ? [other, 'shown', 200] : [other, link, 301],
    )
  }
  const vote = mintToken(services.keys, 'vote', reader, at.now)
  expect((await app.inject(`${link}/vote/${vote}`)).statusCode).toBe(200)
  expect((await app.inject({ method: 'POST', url: `${link}/save/${vote}` })).statusCode).toBeLessThan(400)
  expect((await app.inject(`${link}/cite.bib`)).body).toContain('doi = {10.64898/2026.04.12.712345}')
  expect((await app.inject('/feed.xml')).body).toContain(`<link>https://biology.example${link}</link>`)
  expect((await app.inject('/api/v1/papers/10.64898/2026.04.12.712345')).json()).toMatchObject({ source: 'doi' })
  expect((await app.inject('/')).body).toContain('Ca<sup>2+</sup> waves')
})

test('readers’ votes order a list without a community', async ({ db }) => {
  const at = { now: new Date('2026-04-15T12:00:00Z') }
  const server = await feedServer({ 'biorxiv.xml': feedOf('biorxiv.xml'), 'pubmed.xml': feedOf('pubmed.xml') })
  const services = biology(db, server.url, at)
  for (const source of configuredSources(services)) await collect({ ...services, source }, '2026-04-15')
  const order = async () => {
    const { editionId } = await assemble(services, { date: '2026-04-15' })
    const rows = await db.query.editionPapers.findMany({
      where: (row) => eq(row.editionId, editionId),
      orderBy: (row) => asc(row.position),
    })
    expect(new Set(rows.map(({ section }) => section))).toEqual(new Set(['top']))
    return rows.map(({ paperId }) => paperId)
  }
  // Weight 4 first, then the fresher of the other two.
  expect(await order()).toEqual([3, 2, 1])
  for (const name of ['a', 'b', 'c', 'd', 'e']) {
    const subscriberId = await addSubscriber(db, `${name}@${name}.example`, { confirmedAt: at.now })
    await castVote(services, { subscriberId, paperId: 1 }, `198.51.${name.charCodeAt(0)}.7`)
  }
  at.now = new Date('2026-04-15T13:00:00Z')
  expect((await order())[0]).toBe(1)
})

test('a reading list is a file in our own format, and a paper stays where it was first listed', async ({ db }) => {
  const at = { now: new Date('2026-04-15T12:00:00Z') }
  const folder = mkdtempSync(join(tmpdir(), 'list-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const location = join(folder, 'list.json')
  const services = servicesOn(db, {}, at)
  const source = readingListSource(
    { name: 'club', kind: 'list', location, topics: ['journal club'], weight: 1 },
    { userAgent: 'test', now: services.now },
  )
  await expect(collect({ ...services, source }, '2026-04-15')).rejects.toMatchObject({ code: 'SOURCE_UNAVAILABLE' })
  const first = { title: 'One', url: 'https://doi.org/10.1000/ABC', abstract: 'A.' }
  writeFileSync(location, JSON.stringify([first]))
  await collect({ ...services, source }, '2026-04-15')
  at.now = new Date('2026-04-16T12:00:00Z')
  writeFileSync(location, JSON.stringify([{ title: 'Two', abstract: 'B.' }, first]))
  await collect({ ...services, source }, '2026-04-16')
  const stored = await db.select().from(papers).orderBy(asc(papers.listDay))
  expect(stored).toMatchObject([
    { title: 'One', source: 'doi', sourceId: '10.1000/abc', listDay: '2026-04-15', keywords: ['journal club'] },
    { title: 'Two', source: 'title', listDay: '2026-04-16' },
  ])
})

test('a wrong source is refused at the start, by its place', () => {
  const problems = (sources: string) => {
    try {
      readEnvironment({ NEWSLETTER_FILE: newsletterFile(sources) })
    } catch (error) {
      return (error as Error).message
    }
  }
  expect(problems('[[sources]]\nname = "x y"\nfeed = "ftp://a"\nweight = 0\n')).toMatch(
    /sources\.0\.name must be[\s\S]*sources\.0\.feed must be a URL[\s\S]*sources\.0\.weight must be more than 0/,
  )
  expect(problems('[[sources]]\nname = "hf"\n')).toContain('must not be hf or arxiv')
  expect(problems('[[sources]]\nname = "aa"\n')).toContain('sources.0 must have one of feed, arxiv and list')
  const one = '[[sources]]\nname = "aa"\narxiv = "cat:q-bio.NC"\n'
  expect(problems(one + one)).toContain('sources must have different names')
})

test('a new version of a preprint is the same paper, and its link and citation name the version', async ({ db }) => {
  const at = { now: new Date('2026-04-14T12:00:00Z') }
  const item = (doi: string, title: string) =>
    `<item><title>${title}</title><link>https://doi.org/${doi}</link><pubDate>${at.now.toUTCString()}</pubDate></item>`
  const feed = (...items: string[]) => `<rss><channel>${items.join('')}</channel></rss>`
  const server = await feedServer({ it: feed(item('10.21203/rs.3.rs-1/v1', 'First')) })
  const file = newsletterFile(`[[sources]]\nname = "journal"\nfeed = "${server.url}/it"`)
  const services = servicesOn(db, { PUBLIC_URL: 'https://biology.example', NEWSLETTER_FILE: file }, at)
  const source = configuredSources(services)[0]!
  const stored = async () => {
    await collect({ ...services, source }, at.now.toISOString().slice(0, 10))
    return (await db.select().from(papers)).map(({ source, sourceId, url, title, listDay }) => ({
      ...{ sourceId, title, url, listDay },
      doi: doiOf({ source, sourceId, url: url ?? undefined }),
    }))
  }
  const paper = (title: string, doi: string) => ({
    ...{ sourceId: '10.21203/rs.3.rs-1', title, url: `https://doi.org/${doi}`, listDay: '2026-04-14', doi },
  })
  expect(await stored()).toEqual([paper('First', '10.21203/rs.3.rs-1/v1')])
  at.now = new Date('2026-04-15T12:00:00Z')
  const second = item('10.21203/rs.3.rs-1/v2', 'Second')
  server.bodies.it = feed(second, item('10.26434/chemrxiv-2026-ab12c-v2', 'A version of an unknown paper'))
  expect(await stored()).toEqual([paper('Second', '10.21203/rs.3.rs-1/v2')])
  server.bodies.it = feed(item('10.21203/rs.3.rs-1/v1', 'First'))
  expect(await stored()).toEqual([paper('Second', '10.21203/rs.3.rs-1/v2')])
})

test('after a week without a worker, what a feed still has is listed on its own days', async ({ db }) => {
  const at = { now: new Date('2026-04-10T12:00:00Z') }
  const feed = (...times: string[]) =>
    `<rss><channel>${times.map((time) => `<item><title>Of ${time}</title><pubDate>${time}</pubDate></item>`).join('')}</channel></rss>`
  const times = ['2026-04-10T09:00:00Z', '2026-04-10T15:00:00Z', '2026-04-13T09:00:00Z', '2026-04-16T09:00:00Z']
  const server = await feedServer({ it: feed(times[0]!) })
  const file = newsletterFile(`[[sources]]\nname = "journal"\nfeed = "${server.url}/it"`)
  const services = servicesOn(db, { PUBLIC_URL: 'https://biology.example', NEWSLETTER_FILE: file }, at)
  await collectPapersJob(services, configuredSources(services))
  at.now = new Date('2026-04-17T12:00:00Z')
  server.bodies.it = feed(...times, '2026-04-09T09:00:00Z')
  await collectPapersJob(services, configuredSources(services))
  expect(await titles(db)).toEqual([
    '2026-04-10 Of 2026-04-10T09:00:',
    '2026-04-17 Of 2026-04-16T09:00:',
    '2026-04-13 Of 2026-04-13T09:00:',
    '2026-04-10 Of 2026-04-10T15:00:',
  ])
  expect(server.asked, 'one reply serves all days that are late').toHaveLength(3)
  const asked = server.asked.length
  at.now = new Date('2026-04-17T12:30:00Z')
  await collectPapersJob(services, configuredSources(services))
  expect(server.asked).toHaveLength(asked + 1)
})

test('a list may name a paper by its DOI alone, and links to it', async ({ db }) => {
  const server = await feedServer({ it: '[{"title": "One", "id": "doi:10.31219/osf.io/ab12c_v2"}]' })
  const file = newsletterFile(`[[sources]]\nname = "club"\nlist = "${server.url}/it"`)
  const services = servicesOn(db, { PUBLIC_URL: 'https://biology.example', NEWSLETTER_FILE: file })
  await collect({ ...services, source: configuredSources(services)[0]! }, services.now().toISOString().slice(0, 10))
  expect(await db.select().from(papers)).toMatchObject([
    { sourceId: '10.31219/osf.io/ab12c', url: 'https://doi.org/10.31219/osf.io/ab12c_v2', version: 2 },
  ])
})

test('papers of single versions become the paper that versions share', async ({ db }) => {
  const migration = readFileSync(new URL('../../migrations/0027_doi_versions.sql', import.meta.url), 'utf8')
  const list = [
    '10.21203/rs.3.rs-1/v1',
    '10.21203/rs.3.rs-1/v2',
    '10.26434/chemrxiv-2026-ab12c',
    '10.26434/chemrxiv-2026-ab12c-v2',
    '10.31219/osf.io/ab12c_v2',
    '10.20944/preprints202611.0001.v1',
    '10.22541/au.170000000.12345678/v1',
    '10.1016/j.cell.2026.01.001/v2',
  ]
  for (const [i, doi] of list.entries()) {
    await db.insert(papers).values({
      ...{ source: 'doi', sourceId: doi, title: doi, abstract: '', authors: [], keywords: [], raw: {} },
      ...{ listDay: '2026-04-14', listPosition: i + 1, url: i === 4 ? null : `https://doi.org/${doi}` },
    })
  }
  const reader = await addSubscriber(db, 'reader@example.org', { likePapers: ['2604.00001', list[0]!, list[1]!] })
  for (const _ of ['once', 'again']) {
    await db.execute(sql.raw(migration))
    const rows = await db.select().from(papers).orderBy(asc(papers.listPosition))
    expect(rows.map(({ sourceId, version }) => [sourceId, version])).toEqual([
      ['10.21203/rs.3.rs-1', 1],
      ['10.21203/rs.3.rs-1/v2', null],
      ['10.26434/chemrxiv-2026-ab12c', null],
      ['10.26434/chemrxiv-2026-ab12c-v2', null],
      ['10.31219/osf.io/ab12c', 2],
      ['10.20944/preprints202611.0001', 1],
      ['10.22541/au.170000000.12345678', 1],
      ['10.1016/j.cell.2026.01.001/v2', null],
    ])
    expect(rows.map(({ url }) => url)).toEqual(list.map((doi) => `https://doi.org/${doi}`))
    const [{ likePapers } = { likePapers: [] }] = await db.select().from(subscribers).where(eq(subscribers.id, reader))
    expect(likePapers.sort()).toEqual(['10.21203/rs.3.rs-1', '2604.00001'])
  }
})

test('a preprint or article that a feed says is withdrawn is known as such', async ({ db }) => {
  const now = new Date('2026-04-15T12:00:00Z')
  const item = (title: string, abstract = '') =>
    `<item><title>${title}</title><description>${abstract}</description><link>https://journal.example/${encodeURIComponent(title)}</link></item>`
  const gone = [
    item('WITHDRAWN: On sleep'),
    item('RETRACTED ARTICLE: On sleep'),
    item('Retraction notice to "On sleep"'),
    item('On dreams', 'bioRxiv has withdrawn this manuscript.'),
    item('On waking', 'The authors have withdrawn their manuscript owing to an error. Do not cite it.'),
  ]
  const here = [item('Retraction of axons'), item('Nicotine withdrawal: a model'), item('Why papers are retracted')]
  const server = await feedServer({ it: `<rss><channel>${[...gone, ...here].join('')}</channel></rss>` })
  const file = newsletterFile(`[[sources]]\nname = "journal"\nfeed = "${server.url}/it"`)
  const services = servicesOn(db, { PUBLIC_URL: 'https://biology.example', NEWSLETTER_FILE: file }, { now })
  await collect({ ...services, source: configuredSources(services)[0]! }, '2026-04-15')
  const rows = await db.select().from(papers).orderBy(asc(papers.listPosition))
  expect(rows.map(({ withdrawnAt }) => withdrawnAt !== null)).toEqual([
    ...gone.map(() => true),
    ...here.map(() => false),
  ])
})

test('an entry that is dated by an issue to come ages from when it was first read', async ({ db }) => {
  const at = { now: new Date('2026-04-15T12:00:00Z') }
  const item = (title: string, date: string) => `<item><title>${title}</title><pubDate>${date}</pubDate></item>`
  const feed = `<rss><channel>${item('Soon', '2027-01-01')}${item('Today', '2026-04-15T09:00:00Z')}</channel></rss>`
  const server = await feedServer({ it: feed })
  const file = newsletterFile(`[[sources]]\nname = "journal"\nfeed = "${server.url}/it"`)
  const services = servicesOn(db, { PUBLIC_URL: 'https://biology.example', NEWSLETTER_FILE: file }, at)
  for (const now of ['2026-04-15T12:00:00Z', '2026-04-15T12:30:00Z', '2026-04-16T12:00:00Z']) {
    at.now = new Date(now)
    const read = await collect({ ...services, source: configuredSources(services)[0]! }, now.slice(0, 10))
    const rows = await db.select().from(papers).orderBy(asc(papers.listPosition))
    expect({ changed: read.changed, listed: rows.map(({ listedAt }) => listedAt?.toISOString()) }).toEqual({
      changed: 0,
      listed: ['2026-04-15T12:00:00.000Z', '2026-04-15T09:00:00.000Z'],
    })
  }
})
