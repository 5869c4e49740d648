import { expect } from 'vitest'
import { sendTest } from '../../../src/delivery/preview/send-test.ts'
import { assemble } from '../../../src/edition/draft/assemble.ts'
import { verifyToken } from '../../../src/mail/tokens.ts'
import { deliveries, subscribers } from '../../../src/runtime/db/schema.ts'
import { test } from '../../support/database.ts'
import { addPapers, addSubscriber, servicesOn } from '../../support/services.ts'
import { openSink } from '../../support/sink.ts'

const KEY = { kind: 'daily' as const, date: '2026-04-14' }

test('a test email goes to the person who asks, marked, in no ledger, and with no reader’s links', async ({ db }) => {
  const sink = await openSink()
  try {
    const services = servicesOn(db, { SMTP_URL: sink.url })
    await addPapers(db, KEY.date, 8)
    await assemble(services, KEY)
    const reader = await addSubscriber(db, 'ada@example.org', { size: 5, locale: 'de' })
    const before = await db.select().from(subscribers)
    for (let i = 0; i < 2; i++)
      expect(await sendTest(services, KEY, 'curator@desk.example', { reader: 'ada@example.org' })).toMatchObject({
        state: 'accepted',
      })
    expect(sink.taken.map(({ to }) => to)).toEqual(['curator@desk.example', 'curator@desk.example'])
    const mail = await sink.read('curator@desk.example')
    expect(mail.subject).toMatch(/^\[Test\] Paper 1 of 2026-04-14.* Meistbeachtete Artikel, 14\. April$/)
    expect([mail.to].flat()[0]!.text).toBe('curator@desk.example')
    expect(sink.taken[0]!.messageId, 'mail programs drop a repeated Message-ID').not.toBe(sink.taken[1]!.messageId)
    const token = /\/unsubscribe\/([\w-]+)/.exec(mail.text!)![1]!
    expect(verifyToken(services.keys, 'unsubscribe', token).subscriberId).not.toBe(reader)
    expect(await db.$count(deliveries)).toBe(0)
    expect(await db.select().from(subscribers)).toEqual(before)
  } finally {
    await sink.close()
  }
})
