import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { desc, eq, like, sql } from 'drizzle-orm'
import { pino } from 'pino'
import { afterEach, beforeEach, expect } from 'vitest'
import { dayOf, daysLater } from '../../src/calendar/days.ts'
import { collect } from '../../src/papers/ingest/collect.ts'
import { arxivQuerySource, arxivSource } from '../../src/papers/ingest/sources/arxiv.ts'
import { sourceRateLimit } from '../../src/papers/ingest/sources/rate-limit.ts'
import type { Db } from '../../src/runtime/db/database.ts'
import { papers, sourceHealth, sourcePace } from '../../src/runtime/db/schema.ts'
import { collectPapersJob } from '../../workers/collect-papers.ts'
import { test } from '../support/database.ts'
import { servicesOn } from '../support/services.ts'

let server: Server
let asked: string[]
let answer: (request: IncomingMessage, reply: ServerResponse) => void

beforeEach(async () => {
  asked = []
  server = createServer((request, reply) => {
    asked.push(decodeURIComponent(request.url!).replaceAll('+', ' '))
    answer(request, reply)
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
})
afterEach(() => new Promise<void>((done) => void server.close(() => done())))

const NOW = new Date('2026-04-10T08:00:00Z')

const sourceOn = (db: Db, waited: number[] = []) => arxivSource(optionsOn(db, waited))

function optionsOn(db: Db, waited: number[] = []) {
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const wait = async (ms: number) => void waited.push(ms)
  return {
    userAgent: 'Paperboy/test (+https://paperboy.example)',
    categories: ['cs.CL', 'stat.ML'],
    rateLimit: sourceRateLimit(db, 'arxiv', 3_000, wait),
    feedUrl: `${base}/atom`,
    apiUrl: `${base}/api`,
    now: () => NOW,
    random: () => 0.5,
    wait,
  }
}

const collecting = (db: Db, span: string, waited: number[] = []) =>
  collect({ db, now: () => NOW, log: pino({ level: 'silent' }), source: sourceOn(db, waited) }, span)

const entry = (id: string, published: string, extra = '') =>
  `<entry><id>${id}</id><title>Paper ${id}</title><summary>Says much.</summary><published>${published}</published>${extra}</entry>`
const feedOf = (entries: string[], total = entries.length) => `<?xml version='1.0'?>
<feed xmlns="http://www.w3.org/2005/Atom" xmlns:opensearch="http://a9.com/-/spec/opensearch/1.1/" xmlns:arxiv="http://arxiv.org/schemas/atom">
<updated>2026-04-10T04:00:00Z</updated><opensearch:totalResults>${total}</opensearch:totalResults>${entries.join('')}</feed>`
const announced = (id: string, day: string, type = 'new') =>
  entry(`oai:arXiv.org:${id}`, `${day}T00:00:00-04:00`, `<arxiv:announce_type>${type}</arxiv:announce_type>`)
const reply = (body: string) => (_: IncomingMessage, response: ServerResponse) =>
  void response.writeHead(200, { 'content-type': 'application/atom+xml' }).end(body)

test('today is read from the feed of the categories; replacements only update papers', async ({ db }) => {
  answer = reply(
    feedOf([
      announced('2604.00001v1', '2026-04-10'),
      announced('2604.00002v1', '2026-04-10', 'cross'),
      announced('2603.00003v2', '2026-04-10', 'replace'),
    ]),
  )
  expect(await collecting(db, '2026-04-10')).toMatchObject({ outcome: 'read', added: 2, bad: [] })
  expect(asked).toEqual(['/atom/cs.CL stat.ML'])
  expect(await db.select({ id: papers.sourceId }).from(papers).orderBy(papers.id)).toEqual([
    { id: '2604.00001' },
    { id: '2604.00002' },
  ])
})

test('yesterday’s entries in a new feed are not today’s list', async ({ db }) => {
  answer = reply(feedOf([announced('2604.00001v1', '2026-04-09')]))
  expect(await collecting(db, '2026-04-10')).toMatchObject({ outcome: 'empty', papers: 0 })
  expect(await db.$count(papers)).toBe(0)
  expect(await db.select().from(sourceHealth)).toMatchObject([{ stillOn: '2026-04-09', failingSince: null }])
})

test('an earlier day is read from the query API, page by page', async ({ db }) => {
  const all = Array.from({ length: 450 }, (_, n) =>
    entry(`http://arxiv.org/abs/2603.${10_000 + n}v1`, '2026-03-10T12:00:00Z'),
  )
  answer = (request, response) => {
    const start = Number(new URL(request.url!, 'http://x').searchParams.get('start'))
    reply(feedOf(all.slice(start, start + 200), 450))(request, response)
  }
  const waited: number[] = []
  expect(await collecting(db, '2026-03-10', waited)).toMatchObject({ added: 450 })
  expect(asked).toHaveLength(3)
  expect(asked[0]).toContain('(cat:cs.CL OR cat:stat.ML) AND submittedDate:[202603061800 TO 202603091859]')
  // Three requests, three seconds apart by the database's clock.
  expect(waited).toHaveLength(2)
  for (const ms of waited) expect(ms).toBeGreaterThan(2_000)
})

test('a search is read beyond 2,000 papers; one with too many is an outage that says what to do', async ({ db }) => {
  let total = 2_300
  answer = (request, response) => {
    const start = Number(new URL(request.url!, 'http://x').searchParams.get('start'))
    const page = Array.from({ length: Math.min(200, total - start) }, (_, n) =>
      entry(`http://arxiv.org/abs/2603.${10_000 + start + n}v1`, '2026-03-09T12:00:00Z'),
    )
    reply(feedOf(page, total))(request, response)
  }
  expect(await collecting(db, '2026-03-10')).toMatchObject({ added: 2_300 })
  total = 10_001
  asked = []
  await expect(collecting(db, '2026-03-11')).rejects.toThrow(/has 10001 papers for .*narrow the search/)
  expect(asked).toHaveLength(1)
  expect(await db.select().from(sourceHealth)).toMatchObject([{ failingSince: NOW }])
})

test('a feed that arXiv cut short is completed by a search', async ({ db }) => {
  const cut = Array.from({ length: 2_000 }, (_, n) =>
    announced(`2603.${10_000 + n}v2`, '2026-04-10', n < 5 ? 'new' : 'replace'),
  )
  const found = [4, 2_007].map((n) => entry(`http://arxiv.org/abs/2603.${10_000 + n}v1`, '2026-04-08T20:00:00Z'))
  answer = (request, response) => reply(feedOf(request.url!.startsWith('/atom') ? cut : found))(request, response)
  expect(await collecting(db, '2026-04-10')).toMatchObject({ added: 6 })
  expect(asked[1]).toContain('submittedDate:[202604081800 TO 202604091859]')
  expect(await db.selectDistinct({ day: papers.listDay }).from(papers)).toEqual([{ day: '2026-04-10' }])
})

test.for([
  ['2026-11-27', '202611241800 TO 202611261859'], // Thanksgiving was on Thursday
  ['2026-12-28', '202612231800 TO 202612251859'], // Christmas was on Friday
  ['2027-01-19', '202701141800 TO 202701181859'], // Martin Luther King Day was on Monday
] as const)('the search for %s also has what waited over the holiday before', async ([day, submitted], { db }) => {
  answer = reply(feedOf([]))
  const source = arxivSource({ ...optionsOn(db), now: () => new Date('2027-01-21T08:00:00Z') })
  await source.read(day, undefined)
  expect(asked).toEqual([expect.stringContaining(`submittedDate:[${submitted}]`)])
})

test('a holiday of arXiv has no announcements, and is not searched', async ({ db }) => {
  const source = arxivSource({ ...optionsOn(db), now: () => new Date('2027-01-04T08:00:00Z') })
  for (const day of ['2026-12-25', '2027-01-01'])
    expect(await source.read(day, undefined)).toMatchObject({ outcome: 'read', papers: [] })
  expect(asked).toEqual([])
})

/** Answers as arXiv does when one paper is submitted at noon of every day. */
const answerWithDailyPapers = (now: () => Date) => (request: IncomingMessage, response: ServerResponse) => {
  const asked = decodeURIComponent(request.url!).replaceAll('+', ' ')
  const [, from, to] = /submittedDate:\[(\d{12}) TO (\d{12})\]/.exec(asked) ?? []
  const days = Array.from({ length: 50 }, (_, back) => daysLater('2026-04-10', -back))
  const submitted = days.filter(
    (day) => from && `${day.replaceAll('-', '')}1200` >= from && `${day.replaceAll('-', '')}1200` <= to!,
  )
  const today = announced('2604.00001v1', dayOf(now()))
  const found = submitted.map((day) =>
    entry(`http://arxiv.org/abs/2603.1${day.slice(5, 7)}${day.slice(8)}v1`, `${day}T12:00:00Z`),
  )
  reply(feedOf(from ? found : [today]))(request, response)
}

test.for([
  // The weekend has none.
  ['the weekend', '2026-04-03T23:45:00Z', '2026-04-06T08:00:00Z', ['04-02 on 04-03']],
  [
    'a night in which Tuesday’s came',
    '2026-04-07T03:00:00Z',
    '2026-04-08T08:00:00Z',
    ['04-06 on 04-07', '04-05 on 04-07', '04-04 on 04-07'],
  ],
  ['Thursday to Monday', '2026-04-02T20:00:00Z', '2026-04-06T08:00:00Z', ['04-02 on 04-03', '04-01 on 04-02']],
  [
    'three weeks',
    '2026-03-12T20:00:00Z',
    '2026-04-02T08:00:00Z',
    [
      ...[
        '03-31 on 04-01',
        '03-30 on 03-31',
        '03-29 on 03-31',
        '03-28 on 03-31',
        '03-27 on 03-30',
        '03-26 on 03-27',
        '03-25 on 03-26',
      ],
      ...[
        '03-24 on 03-25',
        '03-23 on 03-24',
        '03-22 on 03-24',
        '03-21 on 03-24',
        '03-20 on 03-23',
        '03-19 on 03-20',
        '03-18 on 03-19',
      ],
    ],
  ],
] as const)(
  'after %s without a worker, the announcements of missed days are read once',
  async ([, last, back, missed], { db }) => {
    const at = { now: new Date(last) }
    const services = servicesOn(db, {}, at)
    answer = answerWithDailyPapers(services.now)
    const source = arxivSource({ ...optionsOn(db), now: services.now })
    await collectPapersJob(services, [source])
    at.now = new Date(back)
    await collectPapersJob(services, [source])
    const found = await db
      .select({ id: papers.sourceId, day: papers.listDay })
      .from(papers)
      .where(like(papers.sourceId, '2603.%'))
      .orderBy(desc(papers.sourceId))
    expect(found.map(({ id, day }) => `${id.slice(6, 8)}-${id.slice(8)} on ${day.slice(5)}`)).toEqual(missed)
    asked = []
    at.now = new Date(at.now.getTime() + 1_800_000)
    await collectPapersJob(services, [source])
    expect(asked).toEqual(['/atom/cs.CL stat.ML'])
  },
)

test('a search of the newsletter’s own also finds the announcements of missed days', async ({ db }) => {
  const at = { now: new Date('2026-04-08T22:00:00Z') }
  answer = reply(feedOf([entry('http://arxiv.org/abs/2604.00001v1', '2026-04-07T12:00:00Z')]))
  const own = { name: 'connectomes', kind: 'arxiv', location: 'abs:connectome', topics: [], weight: 1 } as const
  const source = arxivQuerySource(own, { ...optionsOn(db), now: () => at.now })
  const services = servicesOn(db, {}, at)
  await collectPapersJob(services, [source])
  at.now = new Date('2026-04-17T08:00:00Z')
  answer = (request, response) => {
    const day = /TO (\d{8})1859/.exec(decodeURIComponent(request.url!).replaceAll('+', ' '))?.[1]
    const found = day === '20260409' ? [entry('http://arxiv.org/abs/2604.00002v1', '2026-04-09T12:00:00Z')] : []
    reply(feedOf(found))(request, response)
  }
  await collectPapersJob(services, [source])
  const stored = await db.select({ id: papers.sourceId, day: papers.listDay, announced: papers.announced }).from(papers)
  expect(stored.sort((a, b) => a.id.localeCompare(b.id))).toEqual([
    { id: '2604.00001', day: '2026-04-08', announced: false },
    { id: '2604.00002', day: '2026-04-10', announced: false },
  ])
})

test('a search of the newsletter’s own finds papers that arXiv held back, once, and no others of that time', async ({
  db,
}) => {
  const at = { now: new Date('2026-04-10T08:00:00Z') }
  // arXiv numbers papers as it announces them.
  const all = [
    ['2603.20000', '2026-03-17T12:00:00Z'],
    ['2603.30000', '2026-03-18T12:00:00Z', 'was announced late, but long ago'],
    ['2603.22000', '2026-03-24T12:00:00Z'],
    ['2604.07000', '2026-03-25T12:00:00Z', 'was held back until today'],
    ['2604.01000', '2026-04-01T12:00:00Z'],
    ['2604.03000', '2026-04-03T12:00:00Z'],
    ['2604.06000', '2026-04-08T12:00:00Z'],
  ] as const
  answer = (request, response) => {
    const [, from, to] = /submittedDate:\[(\d{12}) TO (\d{12})\]/.exec(
      decodeURIComponent(request.url!).replaceAll('+', ' '),
    )!
    const found = all.filter(([, published]) => {
      const minute = published.replace(/\D/g, '').slice(0, 12)
      return minute >= from! && minute <= to!
    })
    reply(feedOf(found.map(([id, published]) => entry(`http://arxiv.org/abs/${id}v1`, published))))(request, response)
  }
  const own = { name: 'connectomes', kind: 'arxiv', location: 'abs:connectome', topics: [], weight: 1 } as const
  const source = arxivQuerySource(own, { ...optionsOn(db), now: () => at.now })
  const services = servicesOn(db, {}, at)
  await collectPapersJob(services, [source])
  const stored = () => db.select({ id: papers.sourceId, day: papers.listDay }).from(papers).orderBy(papers.sourceId)
  const listed = [
    { id: '2604.06000', day: '2026-04-10' },
    { id: '2604.07000', day: '2026-04-10' },
  ]
  expect(await stored()).toEqual(listed)
  asked = []
  at.now = new Date('2026-04-10T08:30:00Z')
  await collectPapersJob(services, [source])
  expect(asked, 'once a day').toHaveLength(1)
  at.now = new Date('2026-04-11T08:00:00Z')
  await collectPapersJob(services, [source])
  expect(await stored()).toEqual(listed)
})

test('an empty page before the end makes the day incomplete: nothing is stored', async ({ db }) => {
  answer = reply(feedOf([], 450))
  await expect(collecting(db, '2026-03-10')).rejects.toMatchObject({
    code: 'SOURCE_UNAVAILABLE',
    message: expect.stringContaining('0 of 450'),
  })
  expect(await db.$count(papers)).toBe(0)
})

test('an error entry is an outage with arXiv’s message', async ({ db }) => {
  answer = reply(
    feedOf([
      '<entry><id>https://arxiv.org/api/errors#x</id><title>Error</title><summary>max_results must be an integer</summary></entry>',
    ]),
  )
  await expect(collecting(db, '2026-03-10')).rejects.toMatchObject({
    code: 'SOURCE_UNAVAILABLE',
    message: expect.stringContaining('max_results must be an integer'),
  })
  expect(await db.select().from(sourceHealth)).toMatchObject([{ failingSince: NOW }])
})

test('429 makes every process wait for its Retry-After', async ({ db }) => {
  answer = (_, response) => void response.writeHead(429, { 'retry-after': '600' }).end()
  await expect(collecting(db, '2026-03-10')).rejects.toMatchObject({ code: 'SOURCE_UNAVAILABLE' })
  expect(asked).toHaveLength(1)
  const { rows } = await db.execute<{ rest: number }>(
    sql`SELECT extract(epoch FROM next_at - now())::int AS rest FROM source_pace`,
  )
  expect(rows[0]!.rest).toBeGreaterThan(590)
  // Another process sends no request.
  await expect(collecting(db, '2026-03-11')).rejects.toThrow(/allows no request/)
  expect(asked).toHaveLength(1)
})

test('concurrent processes get one request every three seconds', async ({ db }) => {
  const waits: number[] = []
  const paces = Array.from({ length: 8 }, () => sourceRateLimit(db, 'arxiv', 3_000, async (ms) => void waits.push(ms)))
  await Promise.all(paces.map((pace) => pace.acquire()))
  const turns = [0, ...waits].sort((a, b) => a - b)
  expect(turns).toHaveLength(8)
  for (const [index, at] of turns.entries()) expect(at).toBeGreaterThan(index * 3_000 - 1_500)
  expect(await db.select().from(sourcePace).where(eq(sourcePace.source, 'arxiv'))).toHaveLength(1)
})

test('papers are fetched by id, including old ids; unknown ones are missing', async ({ db }) => {
  answer = reply(feedOf([entry('http://arxiv.org/abs/astro-ph/0601001v1', '2006-01-02T14:57:58Z')]))
  const found = await sourceOn(db).fetchByIds(['astro-ph/0601001', '0000.0000'])
  expect(found.map((paper) => paper.sourceId)).toEqual(['astro-ph/0601001'])
  expect(asked[0]).toContain('id_list=astro-ph/0601001,0000.0000')
})

const REFUSED = ['1234.5678', '2604.99999999']
const error = (summary: string) =>
  feedOf([`<entry><id>https://arxiv.org/api/errors#x</id><title>Error</title><summary>${summary}</summary></entry>`], 1)

test('an id that arXiv refuses is missing, and the others of its request are found', async ({ db }) => {
  answer = (request, response) => {
    const ids = new URL(request.url!, 'http://arxiv').searchParams.get('id_list')!.split(',')
    const bad = ids.find((id) => REFUSED.includes(id))
    const entries = ids.map((id) => entry(`http://arxiv.org/abs/${id}v1`, '2026-04-10T04:00:00Z'))
    response.writeHead(bad ? 400 : 200).end(bad ? error(`incorrect id format for ${bad}`) : feedOf(entries))
  }
  const found = await sourceOn(db).fetchByIds(['2604.00001', ...REFUSED, '2604.00002'])
  expect(found.map((paper) => paper.sourceId)).toEqual(['2604.00001', '2604.00002'])
  expect(asked).toHaveLength(3)
  expect(await sourceOn(db).fetchByIds(REFUSED)).toEqual([])
})

test.for([
  ['incorrect id format for 2604.7', 'entry 1 is an error from arXiv: incorrect id format for 2604.7.'],
  ['max_results must be an integer', 'entry 1 is an error from arXiv: max_results must be an integer.'],
  [undefined, 'answered 400 Bad Request.'],
])('another 400 fails the request, for arXiv’s reason: %s', async ([summary, reason], { db }) => {
  answer = (_, response) => void response.writeHead(400).end(summary ? error(summary) : '<html>Bad Request</html>')
  await expect(sourceOn(db).fetchByIds(['2604.00001', '2604.00002'])).rejects.toMatchObject({
    code: 'SOURCE_UNAVAILABLE',
    message: expect.stringContaining(reason!),
  })
  expect(asked).toHaveLength(1)
})
