import { readFileSync } from 'node:fs'
import { sql } from 'drizzle-orm'
import { expect } from 'vitest'
import { classify } from '../../src/inbound/classify.ts'
import { readMail } from '../../src/inbound/read-mail.ts'
import { receiveMail } from '../../src/inbound/receive.ts'
import { verdictOf } from '../../src/inbound/verdict.ts'
import { inboundEvents, subscribers } from '../../src/runtime/db/schema.ts'
import { test } from '../support/database.ts'
import { addSubscriber, servicesOn } from '../support/services.ts'
import { BOUNCES, bounceMail, complaintMail, handedDigest } from './support.ts'

const fixture = (name: string): Buffer => readFileSync(new URL(`../fixtures/inbound/${name}`, import.meta.url))
const EMAIL = 'ada@example.org'

test.for(['05-callout.eml', '05-sender-verify.eml', '05-sender-live-example.eml'])(
  '%s refuses our sender: soft, and never about the reader',
  async (name) => {
    const [finding] = classify(await readMail(fixture(name)))
    expect(finding).toMatchObject({ class: 'soft', reason: 'our sender' })
  },
)

test('reads a reply in a gateway’s own field', async () => {
  const [finding] = classify(await readMail(fixture('05-ironport-unknown.eml')))
  expect(finding).toMatchObject({ recipient: 'reader@example.org', class: 'hard', reason: 'unknown user' })
  const powerMta = String(bounceMail({ to: 'b@example.org', recipient: EMAIL, status: '5.0.0', said: '' })).replace(
    'Diagnostic-Code: smtp; ',
    'X-PowerMTA-BounceCategory: bad-mailbox',
  )
  const quiet = powerMta.replace(`<${EMAIL}>: host mx.example.net said: `, '')
  expect(classify(await readMail(Buffer.from(quiet)))[0]).toMatchObject({ class: 'hard', reason: 'unknown user' })
})

test('distinguishes refusals of a sender from refusals of a reader', () => {
  const sender = [
    '550 5.1.0 <bounce+x@news.example.org>: Sender address rejected: User unknown in virtual mailbox table',
    '553 5.1.8 <x@news.example.org>... Domain of sender address x@news.example.org does not exist',
    '550 5.1.7 Invalid address',
    '550 Sender verify failed; No such user bounce+x@news.example.org here',
    '550-Verification failed for <x@news.example.org> 550-No Such User Here 550 Sender verify failed',
    '550 Could not complete sender verify callout',
    '550 Unable to verify sender address',
    '550 5.7.27 Sender address has null MX',
    '553 sorry, your envelope sender is in my badmailfrom list (#5.7.1)',
    '550 Invalid sender: user unknown',
    '550 5.1.1 User unknown (in reply to MAIL FROM command)',
    '450 4.1.8 <x@news.example.org>: Sender address rejected: Domain not found',
    '550 Return-Path domain does not exist',
  ]
  for (const said of sender) {
    expect([said, verdictOf(said)]).toEqual([said, expect.objectContaining({ class: 'soft', reason: 'our sender' })])
  }
  const reader = [
    '550 5.1.1 <ada@example.org>: Recipient address rejected: User unknown in virtual mailbox table',
    'Returned to sender: user unknown',
    '550 No such user here, returning the message to the sender',
    '550 5.1.1 User unknown (in reply to RCPT TO command)',
  ]
  for (const said of reader) expect([said, verdictOf(said).class]).toEqual([said, 'hard'])
})

test('refusals of our sender, relay or content never suppress a reader, however many come', async ({ db }) => {
  const clock = { now: new Date('2026-04-01T12:00:00Z') }
  const services = servicesOn(db, BOUNCES, clock)
  const id = await addSubscriber(db, EMAIL, { confirmedAt: new Date('2026-03-01T00:00:00Z') })
  const replies = [
    '550 5.1.1 <bounce@paperboy.example>: Sender address rejected: User unknown',
    '554 5.7.1 Service unavailable; Client host [192.0.2.1] blocked using zen.spamhaus.org',
    '550 5.7.26 Unauthenticated email is not accepted due to the domain’s DMARC policy',
  ]
  for (let day = 1; day <= 12; day++) {
    const date = `2026-04-${String(day).padStart(2, '0')}`
    clock.now = new Date(`${date}T12:00:00Z`)
    const { returnPath: to } = await handedDigest(services, id, date)
    const said = replies[day % replies.length]!
    const raw = bounceMail({ to, recipient: EMAIL, status: '5.0.0', said, id: date })
    expect(await receiveMail(services, raw, { source: 'smtp' })).toMatchObject({ class: 'soft', action: 'nothing' })
  }
  expect((await db.select().from(subscribers))[0]!.status).toBe('active')
  // The query of an operator's alarm.
  expect(await db.$count(inboundEvents, sql`class = 'soft' AND reason = 'our sender' AND authority IS NOT NULL`)).toBe(
    4,
  )
})

test('finds every recipient of a feedback report, each once', async () => {
  const header = ['To: undisclosed', 'Message-ID: <x@paperboy.example>']
  const raw = String(complaintMail({ to: 'fbl@paperboy.example', recipient: EMAIL, header })).replace(
    /Original-Rcpt-To: .*\r\n/,
    `Original-Rcpt-To: <${EMAIL}>\r\nOriginal-Rcpt-To: <grace@example.org>\r\nOriginal-Rcpt-To: rfc822;${EMAIL.toUpperCase()}\r\n`,
  )
  const findings = classify(await readMail(Buffer.from(raw)))
  expect(findings.map(({ recipient, class: kind }) => [recipient, kind])).toEqual([
    [EMAIL, 'complaint'],
    ['grace@example.org', 'complaint'],
  ])
})
