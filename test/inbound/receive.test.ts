import { gunzipSync } from 'node:zlib'
import { eq, sql } from 'drizzle-orm'
import { expect } from 'vitest'
import { receiveMail } from '../../src/inbound/receive.ts'
import { returnPath } from '../../src/mail/return-path.ts'
import { mintToken } from '../../src/mail/tokens.ts'
import type { Db } from '../../src/runtime/db/database.ts'
import { inboundEvents, subscribers, suppressions } from '../../src/runtime/db/schema.ts'
import { test } from '../support/database.ts'
import { addSubscriber, servicesOn, statusOf } from '../support/services.ts'
import { BOUNCES, bounceMail, complaintMail, handedDigest, plainMail, stateOf } from './support.ts'

const EMAIL = 'ada@example.org'
const DAY = '2026-04-15'
const AT = (day: string) => ({ now: new Date(`${day}T12:00:00Z`) })
const reasons = async (db: Db) => (await db.select().from(suppressions)).map((row) => row.reason)

async function reader(db: Db, clock = AT(DAY)) {
  const services = servicesOn(db, BOUNCES, clock)
  const id = await addSubscriber(db, EMAIL, { confirmedAt: new Date('2026-03-01T00:00:00Z') })
  return { services, id, digest: await handedDigest(services, id, DAY) }
}

test('a hard bounce with a proven return path or Message-ID suppresses, and counts once by any channel', async ({
  db,
}) => {
  const { services, id, digest } = await reader(db)
  const report = bounceMail({ to: digest.returnPath, recipient: EMAIL })
  const took = await receiveMail(services, report, { source: 'imap' })
  expect(took).toMatchObject({ class: 'hard', authority: 'return path', action: 'suppressed', repeated: false })
  expect(await statusOf(db, id)).toBe('bounced')
  expect(await reasons(db)).toEqual(['hard bounce'])
  // The same message by another channel: other trace lines, other line ends.
  const again = Buffer.from(`Received: from elsewhere\n${String(report).replaceAll('\r\n', '\n')}`)
  expect(await receiveMail(services, again, { source: 'command' })).toMatchObject({ repeated: true })
  expect(await db.$count(inboundEvents)).toBe(1)

  const eve = await addSubscriber(db, 'eve@example.org')
  const { messageId } = await handedDigest(services, eve, DAY)
  const plain = bounceMail({ to: 'papers@paperboy.example', recipient: 'eve@example.org', messageId })
  expect(await receiveMail(services, plain, { source: 'smtp' })).toMatchObject({
    authority: 'message id',
    action: 'suppressed',
  })
  expect(await statusOf(db, eve)).toBe('bounced')
})

test('a notification in the format of SES that names no recipient is a message like any other', async ({ db }) => {
  const { services } = await reader(db)
  for (const text of ['{"mail":{}}', '{"mail":{},"bounce":{"bounceType":"Permanent","bouncedRecipients":[]}}'])
    expect(
      await receiveMail(services, plainMail({ From: 'eve@example.net', Subject: 'Hm' }, text), { source: 'imap' }),
    ).toMatchObject({ class: 'ignore', action: 'nothing' })
})

test('at a return path, a subject shows a bounce of a system that nothing else shows', async ({ db }) => {
  const { services, id, digest } = await reader(db)
  const report = plainMail(
    { From: 'System Administrator <sysadmin@example.org>', To: digest.returnPath, Subject: 'Undeliverable: Papers' },
    `Your message was not delivered to ${EMAIL}: 550 5.1.1 user unknown`,
  )
  expect(await receiveMail(services, report, { source: 'smtp' })).toMatchObject({ class: 'hard', action: 'suppressed' })
  expect(await statusOf(db, id)).toBe('bounced')
})

test('a message without a token of ours changes nothing, whatever it claims', async ({ db }) => {
  const { services, id, digest } = await reader(db)
  const other = await addSubscriber(db, 'other@example.org')
  const theirs = await handedDigest(services, other, DAY)
  const foreign = servicesOn(db, {
    ...BOUNCES,
    SECRET_KEY: 'a key of another installation that is long enough',
  })
  const forgedPath = returnPath(foreign, { subscriberId: id, mail: 'digest', reference: digest.editionId })
  const forgedToken = mintToken(foreign.keys, 'unsubscribe', id, services.now())
  const bent = digest.returnPath.replace(/[a-z](?=.{3}@)/, (letter) => (letter === 'b' ? 'c' : 'b'))
  const before = await stateOf(db)
  const forgeries: [string, Buffer][] = [
    ['a report without any token', bounceMail({ to: 'papers@paperboy.example', recipient: EMAIL })],
    ['a return path under another key', bounceMail({ to: forgedPath, recipient: EMAIL })],
    ['a return path with one letter changed', bounceMail({ to: bent, recipient: EMAIL })],
    [
      'a Message-ID made up',
      bounceMail({
        to: 'papers@paperboy.example',
        recipient: EMAIL,
        messageId: `<${'0'.repeat(32)}@paperboy.example>`,
      }),
    ],
    [
      'another reader’s Message-ID',
      bounceMail({ to: 'papers@paperboy.example', recipient: EMAIL, messageId: theirs.messageId }),
    ],
    [
      'a bounce with a link that readers of a forwarded copy have',
      bounceMail({
        to: 'papers@paperboy.example',
        recipient: EMAIL,
        returned: `List-Unsubscribe: <https://paperboy.example/unsubscribe/${digest.unsubscribeToken}>`,
      }),
    ],
    ['a complaint', complaintMail({ to: 'papers@paperboy.example', recipient: EMAIL, header: [`To: ${EMAIL}`] })],
    [
      'a complaint with a forged link',
      complaintMail({
        to: 'papers@paperboy.example',
        recipient: EMAIL,
        header: [`List-Unsubscribe: <mailto:x@example.org?subject=unsubscribe%20${forgedToken}>`],
      }),
    ],
    [
      'an unsubscribe request in another name',
      plainMail({ From: EMAIL, To: 'papers@paperboy.example', Subject: 'unsubscribe' }),
    ],
    ['an unsubscribe request with a forged token', plainMail({ From: EMAIL, Subject: `unsubscribe ${forgedToken}` })],
    [
      'an unsubscribe request with a preferences token',
      plainMail({ From: EMAIL, Subject: `unsubscribe ${mintToken(services.keys, 'preferences', id, services.now())}` }),
    ],
  ]
  for (const [name, raw] of forgeries) {
    const { action, authority } = await receiveMail(services, raw, { source: 'smtp' })
    expect([name, action]).toEqual([name, 'nothing'])
    expect([name, await stateOf(db)]).toEqual([name, before])
    // Only the event is stored, not the raw message, since nothing proves it.
    if (!authority) expect(await db.$count(inboundEvents, sql`raw IS NOT NULL AND subscriber_id IS NULL`)).toBe(0)
  }
})

test('automatic replies, delays, receipts and successes to a valid return path change nothing', async ({ db }) => {
  const { services, digest } = await reader(db)
  const before = await stateOf(db)
  const to = digest.returnPath
  const harmless: [string, Buffer][] = [
    [
      'autoreply',
      plainMail(
        { From: EMAIL, To: to, Subject: 'Out of office: Trending papers', 'Auto-Submitted': 'auto-replied' },
        'User unknown? No: I am away.',
      ),
    ],
    [
      'autoreply',
      plainMail(
        { From: EMAIL, To: to, Subject: 'Abwesenheitsnotiz' },
        'Ihre Nachricht konnte nicht zugestellt werden? Doch: ich bin im Urlaub.',
      ),
    ],
    [
      'challenge',
      plainMail({ From: EMAIL, To: to, Subject: 'Please confirm your message' }, 'Click to be let through.'),
    ],
    [
      'moved',
      plainMail(
        { From: EMAIL, To: to, Subject: 'My new e-mail address', 'Auto-Submitted': 'auto-replied' },
        'I have moved.',
      ),
    ],
    ['delayed', bounceMail({ to, recipient: EMAIL, action: 'delayed', status: '4.4.1', said: '451 4.4.1 try later' })],
    ['success', bounceMail({ to, recipient: EMAIL, action: 'delivered', status: '2.0.0', said: '250 ok' })],
  ]
  for (const [kind, raw] of harmless) {
    const took = await receiveMail(services, raw, { source: 'imap', envelopeTo: [to] })
    expect(took).toMatchObject({ class: kind, authority: 'return path', action: 'nothing' })
    expect(await stateOf(db)).toEqual(before)
  }
})

test('a complaint suppresses when the email is proven, and only unsubscribes when its link is the only proof', async ({
  db,
}) => {
  const { services, id, digest } = await reader(db)
  const to = 'papers@paperboy.example'
  const proven = complaintMail({ to, recipient: EMAIL, header: [`To: ${EMAIL}`, `Message-ID: ${digest.messageId}`] })
  expect(await receiveMail(services, proven, { source: 'imap' })).toMatchObject({
    class: 'complaint',
    action: 'suppressed',
  })
  expect(await statusOf(db, id)).toBe('complained')
  expect(await reasons(db)).toEqual(['complaint'])

  const eve = await addSubscriber(db, 'eve@example.org')
  const { unsubscribeToken } = await handedDigest(services, eve, DAY)
  const header = [`List-Unsubscribe: <https://paperboy.example/unsubscribe/${unsubscribeToken}>`]
  const byLink = complaintMail({ to, recipient: 'redacted@example.net', header })
  expect(await receiveMail(services, byLink, { source: 'imap' })).toMatchObject({
    authority: 'unsubscribe link',
    action: 'unsubscribed',
  })
  expect(await statusOf(db, eve)).toBe('unsubscribed')
  expect(await reasons(db)).toEqual(['complaint'])
})

test('an unsubscribe request is honored by the token in its subject', async ({ db }) => {
  const { services, id, digest } = await reader(db)
  const wish = plainMail({
    From: 'someone.else@example.net',
    To: 'bounce+unsubscribe@paperboy.example',
    Subject: `unsubscribe ${digest.unsubscribeToken}`,
  })
  expect(await receiveMail(services, wish, { source: 'smtp' })).toMatchObject({
    class: 'unsubscribe',
    action: 'unsubscribed',
  })
  expect(await statusOf(db, id)).toBe('unsubscribed')
  expect(await db.$count(suppressions)).toBe(0)
})

/** One soft bounce a day, for the email of that day. */
async function softDays(db: Db, days: readonly string[], clean: readonly string[] = []) {
  const clock = AT(days[0]!)
  const services = servicesOn(db, BOUNCES, clock)
  const id = await addSubscriber(db, EMAIL, { confirmedAt: new Date('2026-03-01T00:00:00Z') })
  const all = [...days.map((day) => ({ day, soft: true })), ...clean.map((day) => ({ day, soft: false }))]
  const actions: string[] = []
  for (const { day, soft } of all.sort((a, b) => a.day.localeCompare(b.day))) {
    clock.now = AT(day).now
    const { returnPath: to } = await handedDigest(services, id, day)
    if (!soft) continue
    const raw = bounceMail({ to, recipient: EMAIL, status: '5.2.2', said: '552 5.2.2 Mailbox full', id: day })
    actions.push((await receiveMail(services, raw, { source: 'imap' })).action)
    await receiveMail(services, raw, { source: 'command' })
    await receiveMail(
      services,
      bounceMail({
        to,
        recipient: EMAIL,
        status: '5.2.2',
        said: '552 5.2.2 Mailbox full',
        id: `${day} by the webhook too`,
      }),
      { source: 'ses' },
    )
  }
  return { actions, status: await statusOf(db, id) }
}
const april = (...days: number[]) => days.map((day) => `2026-04-${String(day).padStart(2, '0')}`)

test('five soft bounces in a row over seven days suppress; a second report about one email does not count', async ({
  db,
}) => {
  const { actions, status } = await softDays(db, april(1, 2, 3, 4, 5, 6, 7, 8))
  expect(actions).toEqual([...Array(7).fill('counted'), 'suppressed'])
  expect(status).toBe('bounced')
})

test('a hard bounce of a member of list@ is none of list@; one without the reader’s tag, or at another host, is theirs', async ({
  db,
}) => {
  const services = servicesOn(db, BOUNCES, AT(DAY))
  const list = await addSubscriber(db, 'list@example.org')
  const { returnPath: to } = await handedDigest(services, list, DAY)
  const member = bounceMail({ to, recipient: 'ada@elsewhere.example' })
  expect(await receiveMail(services, member, { source: 'imap' })).toMatchObject({ class: 'soft', action: 'counted' })
  expect(await statusOf(db, list)).toBe('active')

  for (const [email, recipient] of [
    ['eve+papers@example.org', 'eve@example.org'],
    ['zoe@example.org', 'zoe@mx1.example.org'],
  ] as const) {
    const id = await addSubscriber(db, email)
    const { returnPath: to } = await handedDigest(services, id, DAY)
    const report = bounceMail({ to, recipient, id: email })
    expect(await receiveMail(services, report, { source: 'imap' })).toMatchObject({ action: 'suppressed' })
    expect(await statusOf(db, id)).toBe('bounced')
  }
})

test('four in seven days do not suffice', async ({ db }) => {
  expect(await softDays(db, april(1, 3, 5, 8))).toEqual({ actions: Array(4).fill('counted'), status: 'active' })
})

test('a delivered email in between restarts the count', async ({ db }) => {
  const { actions, status } = await softDays(db, april(1, 2, 3, 4, 12), april(5, 6))
  expect([actions.at(-1), status]).toEqual(['counted', 'active'])
})

test('a report about an email from before the last confirmation does not count', async ({ db }) => {
  const { services, id, digest } = await reader(db)
  await db
    .update(subscribers)
    .set({ confirmedAt: new Date('2026-04-15T10:00:00Z') })
    .where(eq(subscribers.id, id))
  const late = bounceMail({ to: digest.returnPath, recipient: EMAIL })
  expect(await receiveMail(services, late, { source: 'imap' })).toMatchObject({ class: 'hard', action: 'nothing' })
  expect(await statusOf(db, id)).toBe('active')
})

test('stores evidence without addresses and raw messages only when proven; both can be found by an address', async ({
  db,
}) => {
  const { services, digest } = await reader(db)
  const said = `550 5.1.1 <${EMAIL}>: no such user, ask postmaster@example.org`
  await receiveMail(services, bounceMail({ to: digest.returnPath, recipient: EMAIL, said }), { source: 'imap' })
  const [event] = await db.select().from(inboundEvents)
  expect(event).toMatchObject({ class: 'hard', reason: 'unknown user', status: '5.1.1', reply: 550 })
  expect(event!.evidence).toContain('no such user')
  expect(event!.evidence).not.toContain('@')
  expect(String(gunzipSync(event!.raw!))).toContain('Final-Recipient')
  const [row] = await db.select().from(subscribers)
  expect(event!.mentions.some((hash) => hash.equals(row!.addressHash!))).toBe(true)
})

test('many concurrent copies count once', async ({ db }) => {
  const { services, digest } = await reader(db)
  const raw = bounceMail({ to: digest.returnPath, recipient: EMAIL })
  const took = await Promise.all(Array.from({ length: 8 }, () => receiveMail(services, raw, { source: 'smtp' })))
  expect(took.filter(({ repeated }) => !repeated)).toHaveLength(1)
})
