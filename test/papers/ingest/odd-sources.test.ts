import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { eq } from 'drizzle-orm'
import { expect, onTestFinished } from 'vitest'
import { collect } from '../../../src/papers/ingest/collect.ts'
import { parseHfEntry } from '../../../src/papers/ingest/formats/hf-entry.ts'
import { LIMITS } from '../../../src/papers/ingest/limits.ts'
import { isBad, type ListedPaper } from '../../../src/papers/ingest/listed-paper.ts'
import { findGaps } from '../../../src/papers/ingest/source-gaps.ts'
import { reportSources } from '../../../src/papers/ingest/source-health.ts'
import { arxivSource } from '../../../src/papers/ingest/sources/arxiv.ts'
import { feedSource } from '../../../src/papers/ingest/sources/feed.ts'
import { readingListSource } from '../../../src/papers/ingest/sources/reading-list.ts'
import type { Source } from '../../../src/papers/ingest/sources/source.ts'
import { papers, sourceHealth, sourceReads } from '../../../src/runtime/db/schema.ts'
import { collectPapersJob } from '../../../workers/collect-papers.ts'
import { test } from '../../support/database.ts'
import { servicesOn } from '../../support/services.ts'
import { hfEntry } from '../support.ts'

const at = new Date('2026-04-15T12:30:00Z')
const polite = { userAgent: 'test', now: () => at, attempts: 1 }

/** Serves one body; a request with its `etag` is answered 304. */
async function serve(body: string | Buffer, headers: Record<string, string> = {}): Promise<string> {
  const server = createServer((request, reply) => {
    if (headers.etag && request.headers['if-none-match'] === headers.etag) return void reply.writeHead(304).end()
    reply.writeHead(200, headers).end(body)
  })
  await new Promise<void>((done) => void server.listen(0, '127.0.0.1', done))
  onTestFinished(() => void server.close())
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

const listAt = (location: string): Source =>
  readingListSource({ name: 'club', kind: 'list', location, topics: [], weight: 1 }, polite)
const feedAt = (location: string): Source =>
  feedSource({ name: 'journal', kind: 'feed', location, topics: [], weight: 1 }, polite)

test('a list beyond the limits fails alone: it is reported, and the next sources are read', async ({ db }) => {
  const services = servicesOn(db, {}, { now: at })
  const folder = mkdtempSync(join(tmpdir(), 'list-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  writeFileSync(join(folder, 'huge.json'), `[${'{},'.repeat(LIMITS.records)}{}]`)
  writeFileSync(join(folder, 'huge.xml'), `<feed>${'<e/>'.repeat(LIMITS.elements)}</feed>`)
  writeFileSync(join(folder, 'good.json'), JSON.stringify([{ title: 'One' }]))
  for (const name of ['huge.json', 'huge.xml']) {
    const good = { ...listAt(join(folder, 'good.json')), name: `after ${name}` }
    await collectPapersJob(services, [listAt(join(folder, name)), good])
    const [health] = await db.select().from(sourceHealth).where(eq(sourceHealth.source, 'club'))
    expect(health).toMatchObject({ failure: expect.stringContaining('has more than') })
  }
  expect(await db.select({ title: papers.title }).from(papers)).toEqual([{ title: 'One' }])
})

const rss = (title: string, encoding?: string) =>
  `${encoding ? `<?xml version="1.0" encoding="${encoding}"?>` : ''}<rss><channel><item><title>${title}</title><pubDate>Wed, 15 Apr 2026 08:00:00 GMT</pubDate></item></channel></rss>`

test.for([
  [
    'its XML declaration',
    Buffer.from(rss('Müller’s naïve Bayes'.replace('’', "'"), 'ISO-8859-1'), 'latin1'),
    'text/xml',
  ],
  ['its content type', Buffer.from(rss("Müller's naïve Bayes"), 'latin1'), 'application/rss+xml; charset="iso-8859-1"'],
  ['its byte order mark', Buffer.from(`\ufeff${rss("Müller's naïve Bayes")}`, 'utf16le'), 'text/xml'],
  ['nothing: UTF-8', Buffer.from(rss("Müller's naïve Bayes")), 'text/xml'],
  ['an unknown name: UTF-8', Buffer.from(rss("Müller's naïve Bayes", 'klingon')), 'text/xml'],
] as const)('a feed is read in the encoding of %s', async ([, body, type]) => {
  const reply = await feedAt(await serve(body, { 'content-type': type })).read('2026-04-15', undefined)
  expect(reply).toMatchObject({ papers: [{ title: "Müller's naïve Bayes" }] })
})

test('a list on the web may begin with a byte order mark, as programs on Windows write it', async () => {
  const url = await serve(`\ufeff${JSON.stringify([{ title: 'One' }])}`, { 'content-type': 'application/json' })
  expect(await listAt(url).read('2026-04-15', undefined)).toMatchObject({ papers: [{ title: 'One' }] })
})

test('yesterday’s announcements stay late when they are served again unchanged', async ({ db }) => {
  const services = servicesOn(db, { PAPER_SOURCES: 'arxiv' }, { now: at })
  const entry = `<entry><id>oai:arXiv.org:2604.00001v1</id><title>One</title><summary>A.</summary>
    <published>2026-04-14T00:00:00-04:00</published><arxiv:announce_type>new</arxiv:announce_type></entry>`
  const feedUrl = await serve(`<feed>${entry}</feed>`, { etag: '"yesterday"' })
  const rateLimit = { acquire: async () => {}, pause: async () => {} }
  const source = arxivSource({ ...polite, categories: ['cs.CL'], feedUrl, rateLimit })
  const read = async () => {
    await collectPapersJob(services, [source], { source: 'arxiv', day: '2026-04-15' })
    const [{ state, stillOn } = { state: undefined, stillOn: undefined }] = await reportSources(services)
    return { state, stillOn }
  }
  expect(await read()).toEqual({ state: 'stale', stillOn: '2026-04-14' })
  expect(await read()).toEqual({ state: 'stale', stillOn: '2026-04-14' })
})

test('an entry that cannot be read is no outage of a day that the feed has nothing of', async ({ db }) => {
  const clock = { now: new Date('2026-04-14T12:00:00Z') }
  const services = servicesOn(db, { PAPER_SOURCES: 'arxiv' }, clock)
  const now = () => clock.now
  const item = (title: string, day: string) => `<item>${title}<pubDate>${day}T09:00:00Z</pubDate></item>`
  const items = `${item('', '2026-04-10')}${item('<title>Old</title>', '2026-04-10')}`
  const journal = feedSource(
    {
      name: 'journal',
      kind: 'feed',
      location: await serve(`<rss><channel>${items}</channel></rss>`),
      topics: [],
      weight: 1,
    },
    { ...polite, now },
  )
  const entry = (title: string) =>
    `<entry><id>oai:arXiv.org:2604.00001v1</id>${title}<summary>A.</summary><published>2026-04-10T00:00:00-04:00</published></entry>`
  const feedUrl = await serve(`<feed>${entry('')}${entry('<title>Old</title>')}</feed>`)
  const apiUrl = await serve('<feed><updated>2026-04-15T04:00:00Z</updated></feed>')
  const rateLimit = { acquire: async () => {}, pause: async () => {} }
  const arxiv = arxivSource({ ...polite, now, categories: ['cs.CL'], feedUrl, apiUrl, rateLimit })
  for (const hour of ['2026-04-14T12:00:00Z', '2026-04-15T02:30:00Z']) {
    clock.now = new Date(hour)
    await collectPapersJob(services, [journal, arxiv])
    const failures = await db.select({ source: sourceHealth.source, failure: sourceHealth.failure }).from(sourceHealth)
    expect(failures.toSorted((a, b) => (a.source < b.source ? -1 : 1))).toEqual([
      { source: 'arxiv', failure: null },
      { source: 'journal', failure: null },
    ])
  }
})

test('a list that has no dates is not empty after its close, when nothing of that day is found any more', async ({
  db,
}) => {
  const clock = { now: new Date('2026-04-14T12:00:00Z') }
  const services = servicesOn(db, {}, clock)
  const location = await serve('[{"title": "One"}, {"title": "Two"}]', { 'content-type': 'application/json' })
  const club = readingListSource(
    { name: 'club', kind: 'list', location, topics: [], weight: 1 },
    { ...polite, now: () => clock.now },
  )
  for (const time of ['2026-04-14T12:00:00Z', '2026-04-15T02:30:00Z']) {
    clock.now = new Date(time)
    await collectPapersJob(services, [club])
  }
  const [read] = await db.select().from(sourceReads).where(eq(sourceReads.listDay, '2026-04-14'))
  expect(read).toMatchObject({ readAt: clock.now, papers: 2 })
  expect((await findGaps(services, 'club')).days).toEqual([])
})

test('a feed with a paper of the community’s list fills its gaps, and takes nothing from it', async ({ db }) => {
  const clock = { now: at }
  const services = servicesOn(db, {}, clock)
  const entry = { paper: { ai_keywords: ['agents'], organization: undefined }, thumbnail: 'https://cdn.example/1.png' }
  const listed = parseHfEntry(hfEntry('2604.00001', entry.paper, { thumbnail: entry.thumbnail }), 1, '2026-04-15')
  if (isBad(listed)) throw new Error(listed.reason)
  const hf: Source = {
    name: 'hf',
    followDays: 14,
    read: async () => ({ outcome: 'read', papers: [listed], bad: [], validators: { etag: null, lastModified: null } }),
    fetchByIds: async () => [],
  }
  const item = `<item><guid>https://arxiv.org/abs/2604.00001</guid><title>Another form of its title</title>
    <description>Short.</description><category>cs.CL</category><pubDate>Wed, 15 Apr 2026 08:00:00 GMT</pubDate></item>`
  const feed = feedAt(await serve(`<rss><channel>${item}</channel></rss>`))
  const read = (source: Source) => {
    clock.now = new Date(clock.now.getTime() + 1_800_000)
    return collect({ ...services, source }, '2026-04-15')
  }
  await read(hf)
  const [before] = await db.select().from(papers)
  await read(feed)
  const [after] = await db.select().from(papers)
  expect(after).toMatchObject({
    title: 'Paper 2604.00001',
    abstract: 'What 2604.00001 says.',
    keywords: ['agents'],
    raw: before!.raw as object,
    announced: false,
  })
  expect([(await read(hf)).changed, (await read(feed)).changed, (await read(hf)).changed]).toEqual([0, 0, 0])
})

test('a feed still corrects its own papers', async ({ db }) => {
  const services = servicesOn(db, {}, { now: at })
  const item = (
    title: string,
  ) => `<rss><channel><item><guid>https://arxiv.org/abs/2604.00001</guid><title>${title}</title>
    <pubDate>Wed, 15 Apr 2026 08:00:00 GMT</pubDate></item></channel></rss>`
  for (const title of ['First', 'Corrected']) {
    await collect({ ...services, source: feedAt(await serve(item(title))) }, '2026-04-15')
    expect(await db.select({ title: papers.title }).from(papers)).toEqual([{ title }])
  }
})

test('an entry that cannot be stored costs its list nothing', async ({ db }) => {
  const services = servicesOn(db, {}, { now: at })
  // No run repeats, because PostgreSQL compresses a value before it measures it.
  const long = Array.from({ length: 200 }, (_, i) => createHash('sha256').update(String(i)).digest('hex')).join('')
  const list = [
    { title: 'One', url: 'https://doi.org/10.1234/one' },
    { title: 'Long', id: `10.1234/${long}` },
    { paper_id: '2604.00001', title: 'Versioned', abstract: 'A.', version: 40_000 },
    { title: 'Two' },
  ]
  const source = listAt(await serve(JSON.stringify(list)))
  const { bad } = await collect({ ...services, source }, '2026-04-15')
  expect(bad).toEqual([{ position: 2, reason: 'has an id of 12808 characters' }])
  const stored = await db.select({ title: papers.title }).from(papers).orderBy(papers.id)
  expect(stored.map(({ title }) => title).sort()).toEqual(['One', 'Two', 'Versioned'])
})

test('a list that PostgreSQL refuses, and a defect in reading one, are seen and cost the next sources nothing', async ({
  db,
}) => {
  const services = servicesOn(db, {}, { now: at })
  const good = listAt(await serve(JSON.stringify([{ title: 'One' }])))
  const [paper] = ((await good.read('2026-04-15', undefined)) as { papers: ListedPaper[] }).papers
  const refused: Source = {
    ...good,
    name: 'refused',
    read: async () => ({
      outcome: 'read',
      papers: [{ ...paper!, version: 40_000 }],
      bad: [],
      validators: { etag: null, lastModified: null },
    }),
  }
  const defective: Source = { ...good, name: 'defective', read: () => Promise.reject(new TypeError('a defect')) }
  await expect(collectPapersJob(services, [defective, refused, good])).rejects.toThrow('a defect')
  expect(await db.select({ title: papers.title }).from(papers)).toEqual([{ title: 'One' }])
  const [health] = await db.select().from(sourceHealth).where(eq(sourceHealth.source, 'refused'))
  expect(health).toMatchObject({
    failingSince: at,
    failure: expect.stringMatching(/^refused sent something for 2026-04-15 that PostgreSQL refuses: .*smallint/),
  })
})
