import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { classify } from '../../src/inbound/classify.ts'
import type { Finding } from '../../src/inbound/finding.ts'
import { readMail } from '../../src/inbound/read-mail.ts'
import { verdictOf } from '../../src/inbound/verdict.ts'
import { isDataMissing, SHARED_DATA } from '../support/suites.ts'
import { bounceMail } from './support.ts'

const SAMPLE = join(import.meta.dirname, '../fixtures/bounces')
const WHOLE = join(SHARED_DATA, 'bounces')
const missing = isDataMissing('bounces', 'bounces/')

const read = async (raw: Buffer): Promise<Finding[]> => classify(await readMail(raw))

interface Labelled {
  file: string
  n: number
  recipient: string
  class: string
  standard: boolean
}

const labels = (data: string): Labelled[] =>
  readFileSync(join(data, 'manifest.tsv'), 'utf8')
    .trim()
    .split('\n')
    .slice(1)
    .map((line) => line.split('\t'))
    .map(([file, n, recipient, label]) => ({
      file: file!,
      n: Number(n),
      recipient: recipient!,
      class: label!,
      standard: /report-type="?(?:delivery-status|feedback-report)/i.test(readFileSync(join(data, file!), 'latin1')),
    }))

/** Counts the messages of a corpus that are classified as labelled. */
async function score(data: string) {
  const tally = {
    named: 0,
    found: 0,
    prose: 0,
    foundInProse: 0,
    judged: 0,
    right: 0,
    automatic: 0,
    automaticBounces: 0,
  }
  for (const row of labels(data)) {
    const findings = await read(readFileSync(join(data, row.file)))
    const named = findings.find(({ recipient }) => recipient === row.recipient)
    const mine = named ?? findings[row.n - 1] ?? findings[0]!
    if (row.recipient !== '-') {
      tally.named++
      if (named) tally.found++
      if (!row.standard) tally.prose++
      if (!row.standard && named) tally.foundInProse++
    }
    if (row.class === 'hard' || row.class === 'soft') {
      tally.judged++
      if (mine.class === row.class) tally.right++
    }
    if (row.class === 'autoreply') {
      tally.automatic++
      if (findings.some((each) => each.class === 'hard' || each.class === 'soft')) tally.automaticBounces++
    }
  }
  return tally
}

test('a sample of real messages of many systems: finds recipient and class, and takes no automatic reply for a bounce', async () => {
  const tally = await score(SAMPLE)
  expect(tally.foundInProse / tally.prose).toBeGreaterThanOrEqual(0.95)
  expect(tally.found / tally.named).toBeGreaterThanOrEqual(0.95)
  expect(tally.right / tally.judged).toBeGreaterThanOrEqual(0.93)
  expect(tally).toMatchObject({ automatic: 2, automaticBounces: 0 })
})

test.skipIf(missing)(
  'all real messages: recipient ≥ 98 %, hard or soft ≥ 95 %, no automatic reply a bounce',
  async () => {
    const tally = await score(WHOLE)
    expect(tally.found / tally.named).toBeGreaterThanOrEqual(0.98)
    expect(tally.foundInProse / tally.prose).toBeGreaterThanOrEqual(0.95)
    expect(tally.right / tally.judged).toBeGreaterThanOrEqual(0.95)
    expect(tally).toMatchObject({ named: 120, judged: 109, automatic: 2, automaticBounces: 0 })
  },
)

test('text outranks codes, a 4yz code is never hard, and unclear cases are soft', () => {
  const cases: [string, string | undefined, 'hard' | 'soft', string][] = [
    ['550 5.1.1 User unknown', '5.1.1', 'hard', 'unknown user'],
    ['550 5.4.1 Recipient address rejected: Access denied', '5.4.1', 'hard', 'unknown user'],
    ['553 see http://www.spamhaus.org/query', '5.1.3', 'soft', 'blocked'],
    [
      '550 5.7.26 Unauthenticated email from example.org is not accepted due to DMARC policy',
      undefined,
      'soft',
      'authentication',
    ],
    ['450 4.1.1 User unknown in local recipient table', '4.1.1', 'soft', 'unknown user'],
    ['550 User unknown (in reply to end of DATA command)', '5.0.0', 'soft', 'filtered'],
    ['552 5.2.2 Over quota', '5.2.2', 'soft', 'mailbox full'],
    ['Das Postfach ist voll', undefined, 'soft', 'mailbox full'],
    ['550 Die Adresse existiert nicht', undefined, 'hard', 'unknown user'],
    ['550 Adresse inconnue', undefined, 'hard', 'unknown user'],
    ['Host or domain name not found. Name service error', '5.4.4', 'hard', 'unknown host'],
    ['connect to mx.example.org: Connection timed out', '4.4.1', 'soft', 'network'],
    ['550 5.2.1 The account has been disabled', undefined, 'hard', 'moved or closed'],
    ['550 no', undefined, 'soft', 'refused'],
    ['', undefined, 'soft', 'refused'],
  ]
  for (const [diagnostic, status, kind, reason] of cases) {
    expect([diagnostic, verdictOf(diagnostic, status)]).toEqual([
      diagnostic,
      expect.objectContaining({ class: kind, reason }),
    ])
  }
})

test('each recipient of a report has its own finding', async () => {
  const raw = String(bounceMail({ to: 'bounce@example.org', recipient: 'gone@example.org' })).replace(
    /\r\n--b\r\nContent-Type: message\/rfc822/,
    '\r\nFinal-Recipient: rfc822; full@example.org\r\nAction: failed\r\nStatus: 5.2.2\r\nDiagnostic-Code: smtp; 552 5.2.2 mailbox full\r\n$&',
  )
  const findings = await read(Buffer.from(raw))
  expect(findings.map(({ recipient, class: kind }) => [recipient, kind])).toEqual([
    ['gone@example.org', 'hard'],
    ['full@example.org', 'soft'],
  ])
})

const KINDS = [
  'hard',
  'soft',
  'complaint',
  'unsubscribe',
  'autoreply',
  'challenge',
  'moved',
  'success',
  'info',
  'ignore',
]

/** Every input gets a classification, in bounded time. */
async function holds(raw: Buffer): Promise<void> {
  const started = performance.now()
  const findings = await read(raw)
  expect(findings.length).toBeGreaterThan(0)
  expect(findings.length).toBeLessThanOrEqual(100)
  for (const each of findings) {
    expect(KINDS).toContain(each.class)
    expect(each.diagnostic.length).toBeLessThan(10_000)
    if (each.recipient !== undefined) expect(each.recipient).toMatch(/^\S+@\S+$/)
  }
  // Far above the usual time, far below the cost of catastrophic backtracking.
  expect(performance.now() - started).toBeLessThan(5_000)
}

test('reads arbitrary bytes without an error', async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 3000 }), (bytes) => holds(Buffer.from(bytes))),
    { numRuns: 150 },
  )
})

test('reads reports with arbitrary fields without an error', async () => {
  const line = fc.string({ unit: 'binary', maxLength: 200 })
  const given = fc.record({ to: line, recipient: line, status: line, diagnostic: line, action: line })
  await fc.assert(
    fc.asyncProperty(given, (values) => holds(bounceMail(values))),
    { numRuns: 100 },
  )
})

test('reads long, deep and repetitive input in bounded time', async () => {
  const head = 'From: MAILER-DAEMON@example.org\r\nSubject: Undelivered\r\n'
  const bodies = [
    'a'.repeat(400_000),
    'user '.repeat(80_000),
    '<a@b.cc>: '.repeat(40_000),
    'a@'.repeat(200_000),
    'not found not found '.repeat(20_000),
    '\n'.repeat(400_000),
    'X: y\n'.repeat(80_000),
    '> '.repeat(200_000),
    '5.1.1 550 '.repeat(40_000),
  ]
  for (const body of bodies) {
    await holds(Buffer.from(`${head}\r\n${body}`))
    await holds(Buffer.from(`${head}Content-Type: message/delivery-status\r\n\r\n${body}`))
    await holds(
      Buffer.from(`${head}X-Failed-Recipients: ${body.slice(0, 50_000).replaceAll('\n', ' ')}\r\n\r\n${body}`),
    )
  }
  const nested = Array.from(
    { length: 500 },
    (_, depth) => `Content-Type: multipart/mixed; boundary="b${depth}"\r\n\r\n--b${depth}\r\n`,
  )
  await holds(Buffer.from(`${head}${nested.join('')}`))
})

test('reads real messages, cut, shuffled and corrupted, without an error', async () => {
  const mails = readdirSync(join(SAMPLE, 'eml')).map((name) => readFileSync(join(SAMPLE, 'eml', name)))
  const damage = fc.array(fc.tuple(fc.double({ min: 0, max: 1, noNaN: true }), fc.uint8Array({ maxLength: 20 })), {
    maxLength: 8,
  })
  const mutated = fc.tuple(fc.constantFrom(...mails), damage, fc.double({ min: 0.1, max: 1, noNaN: true }))
  await fc.assert(
    fc.asyncProperty(mutated, async ([mail, changes, length]) => {
      const bytes = Buffer.from(mail.subarray(0, Math.ceil(mail.length * length)))
      for (const [place, put] of changes) Buffer.from(put).copy(bytes, Math.floor(place * bytes.length))
      await holds(bytes)
    }),
    { numRuns: 150 },
  )
})
