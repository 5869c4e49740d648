import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { gzipSync } from 'node:zlib'
import { pino } from 'pino'
import { afterEach, beforeEach, describe, expect } from 'vitest'
import { collect } from '../../../src/papers/ingest/collect.ts'
import { LIMITS } from '../../../src/papers/ingest/limits.ts'
import { hfSource } from '../../../src/papers/ingest/sources/hf.ts'
import { userAgentOf } from '../../../src/runtime/config/user-agent.ts'
import { VERSION } from '../../../src/runtime/config/version.ts'
import type { Db } from '../../../src/runtime/db/database.ts'
import { papers, signals, sourceReads } from '../../../src/runtime/db/schema.ts'
import { test } from '../../support/database.ts'
import { testConfig } from '../../support/services.ts'
import { dailyFile, everything, hfEntry, noRealPapers, unpacked } from '../support.ts'

type Answer = (request: IncomingMessage, reply: ServerResponse) => void

const DAY = '2026-04-10'
let server: Server
let answers: Answer[]
let asked: IncomingMessage[]
let waited: number[]

beforeEach(async () => {
  answers = []
  asked = []
  waited = []
  server = createServer((request, reply) => {
    asked.push(request)
    const answer = answers.length > 1 ? answers.shift() : answers[0]
    if (answer) answer(request, reply)
    else reply.writeHead(404).end()
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
})
afterEach(async () => {
  server.closeAllConnections()
  await new Promise((done) => server.close(done))
})

const json =
  (body: unknown, headers: Record<string, string> = {}): Answer =>
  (_, reply) =>
    reply
      .writeHead(200, { 'content-type': 'application/json', ...headers })
      .end(typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body))
const status =
  (code: number, headers: Record<string, string> = {}): Answer =>
  (_, reply) =>
    reply.writeHead(code, headers).end('{"error":"no"}')

function collecting(
  db: Db,
  { now = new Date('2026-04-10T08:00:00Z'), timeoutMs = 5_000, largestBytes = 1_000_000, day = DAY } = {},
) {
  const { port } = server.address() as AddressInfo
  const source = hfSource({
    userAgent: userAgentOf(testConfig()),
    baseUrl: `http://127.0.0.1:${port}`,
    timeoutMs,
    largestBytes,
    now: () => now,
    random: () => 0.5,
    wait: async (ms) => waited.push(ms),
  })
  return collect({ db, now: () => now, log: pino({ level: 'silent' }), source }, day)
}

describe('a day of Hugging Face', () => {
  test.skipIf(noRealPapers)(
    'is read with its current votes; the next request is conditional and answers 304',
    async ({ db }) => {
      const body = await unpacked(dailyFile(DAY))
      answers = [
        (request, reply) =>
          request.headers['if-none-match'] === '"v1"'
            ? reply.writeHead(304).end()
            : json(body, { etag: '"v1"', 'last-modified': 'Fri, 10 Apr 2026 07:00:00 GMT' })(request, reply),
      ]
      const count = (JSON.parse(body.toString()) as unknown[]).length
      expect(await collecting(db)).toEqual({
        source: 'hf',
        day: DAY,
        outcome: 'read',
        papers: count,
        added: count,
        changed: 0,
        signals: count,
        bad: [],
      })
      expect(asked[0]).toMatchObject({
        url: `/api/daily_papers?date=${DAY}`,
        method: 'GET',
        headers: { 'user-agent': `Paperboy/${VERSION} (+https://paperboy.example)` },
      })
      expect(await db.selectDistinct({ at: signals.observedAt, origin: signals.origin }).from(signals)).toEqual([
        { at: new Date('2026-04-10T08:00:00Z'), origin: 'hf' },
      ])

      const before = await everything(db)
      const later = new Date('2026-04-10T09:00:00Z')
      expect(await collecting(db, { now: later })).toMatchObject({ outcome: 'not modified', papers: 0 })
      expect(asked[1]!.headers).toMatchObject({
        'if-none-match': '"v1"',
        'if-modified-since': 'Fri, 10 Apr 2026 07:00:00 GMT',
      })
      expect(await everything(db)).toEqual(before)
      expect(await db.select().from(sourceReads)).toMatchObject([
        { source: 'hf', listDay: DAY, readAt: later, etag: '"v1"', papers: count },
      ])
    },
  )

  test('adds snapshots on a second read only for changed votes', async ({ db }) => {
    answers = [
      json([hfEntry('2604.00001', { upvotes: 3 }), hfEntry('2604.00002')]),
      json([hfEntry('2604.00001', { upvotes: 8 }), hfEntry('2604.00002')]),
    ]
    await collecting(db)
    expect(await collecting(db, { now: new Date('2026-04-10T12:00:00Z') })).toMatchObject({
      outcome: 'read',
      added: 0,
      changed: 1,
      signals: 1,
    })
  })

  test('with more records than a list can have is refused before it is parsed', async ({ db }) => {
    answers = [json(`[${'{},'.repeat(LIMITS.records)}{}]`)]
    await expect(collecting(db)).rejects.toMatchObject({
      code: 'SOURCE_UNAVAILABLE',
      message: expect.stringContaining('has more than 100,000 records'),
    })
  })

  test('without papers is empty, not unread', async ({ db }) => {
    answers = [json([])]
    expect(await collecting(db)).toMatchObject({ outcome: 'empty', papers: 0 })
    expect(await db.select().from(sourceReads)).toMatchObject([{ papers: 0, etag: null }])
  })

  test('is read compressed and with changed fields; invalid entries are reported', async ({ db }) => {
    const entries = [
      hfEntry('2604.00001', { upvotes: '7', tomorrow: [] }, { submittedBy: null }),
      { paper: { id: '2604.00002' } },
      'x',
    ]
    answers = [json(gzipSync(JSON.stringify(entries)), { 'content-encoding': 'gzip' })]
    expect((await collecting(db)).bad).toEqual([
      { position: 2, reason: 'has no title' },
      { position: 3, reason: 'is not an object with a "paper" in it' },
    ])
    expect(await db.select().from(papers)).toMatchObject([{ sourceId: '2604.00001', listDay: DAY }])
  })
})

describe('retries', () => {
  test('a server error is retried, with twice the pause each time', async ({ db }) => {
    answers = [status(500), status(503), json([hfEntry('2604.00001')])]
    expect(await collecting(db)).toMatchObject({ outcome: 'read', papers: 1 })
    expect(waited).toEqual([1000, 2000])
  })

  test('Retry-After is honoured, in seconds and as a date', async ({ db }) => {
    answers = [
      status(429, { 'retry-after': '7' }),
      status(503, { 'retry-after': 'Fri, 10 Apr 2026 08:00:30 GMT' }),
      json([hfEntry('2604.00001')]),
    ]
    await collecting(db)
    expect(waited).toEqual([7000, 30_000])
  })

  test.for([
    [
      'three errors',
      [status(500)],
      3,
      /GET http:\S+date=2026-04-10 answered 500 Internal Server Error \(3 attempts\)\./,
    ],
    ['a refusal', [status(403)], 1, /answered 403 Forbidden\.$/],
    [
      'a Retry-After longer than the limit',
      [status(429, { 'retry-after': '3600' })],
      1,
      /answered 429 Too Many Requests, retry after 3600 s\.$/,
    ],
    [
      'no JSON',
      [json('<html>Sorry</html>', { 'content-type': 'text/html' })],
      1,
      /answered 200, but did not return JSON \(text\/html, 18 characters\)/,
    ],
    ['half of JSON', [json('[{"paper":')], 1, /did not return JSON/],
    ['no array', [json({ error: 'date' })], 1, /did not return a JSON array/],
    [
      'only invalid entries',
      [json([{ id: 1 }, {}])],
      1,
      /hf listed 2 entries for 2026-04-10, and none could be parsed\. The first is not an object/,
    ],
    ['an endless reply', [json('['.padEnd(2_000_000))], 1, /answered with more than 1000000 bytes/],
    [
      'a cut connection',
      [(_: IncomingMessage, reply: ServerResponse) => reply.destroy()],
      3,
      /failed: .+ \(3 attempts\)/,
    ],
  ] as [string, Answer[], number, RegExp][])(
    '%s: the error names the request and the reply, and nothing is stored',
    async ([, given, attempts, message], { db }) => {
      answers = given
      await expect(collecting(db)).rejects.toMatchObject({
        code: 'SOURCE_UNAVAILABLE',
        message: expect.stringMatching(message),
      })
      expect(asked).toHaveLength(attempts)
      expect(await db.$count(papers)).toBe(0)
      expect(await db.$count(sourceReads)).toBe(0)
    },
  )

  test('a missing or incomplete reply is retried after the timeout', async ({ db }) => {
    answers = [() => {}, (_, reply) => reply.writeHead(200).write('[{'), json([hfEntry('2604.00001')])]
    expect(await collecting(db, { timeoutMs: 150 })).toMatchObject({ outcome: 'read' })
    answers = [() => {}]
    await expect(collecting(db, { timeoutMs: 50 })).rejects.toMatchObject({
      message: expect.stringMatching(/did not finish in 50 ms \(3 attempts\)/),
    })
  })

  test('a small reply that unpacks to a huge one is refused', async ({ db }) => {
    answers = [json(gzipSync(Buffer.alloc(50_000_000, 0x20)), { 'content-encoding': 'gzip' })]
    await expect(collecting(db)).rejects.toMatchObject({ message: expect.stringMatching(/more than 1000000 bytes/) })
  })
})
