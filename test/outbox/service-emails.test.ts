import { eq, sql } from 'drizzle-orm'
import { describe, expect } from 'vitest'
import { verifyToken } from '../../src/mail/tokens.ts'
import { listUnknownServiceEmails } from '../../src/outbox/list-unknown.ts'
import { sendServiceEmails } from '../../src/outbox/send-service-emails.ts'
import type { Relay } from '../../src/relay/relay.ts'
import type { Db } from '../../src/runtime/db/database.ts'
import { outbox, subscribers, suppressions } from '../../src/runtime/db/schema.ts'
import type { Services } from '../../src/runtime/services.ts'
import { confirm } from '../../src/subscription/confirm.ts'
import { readPreferences } from '../../src/subscription/preferences.ts'
import { subscribe } from '../../src/subscription/subscribe.ts'
import { unsubscribe } from '../../src/subscription/unsubscribe.ts'
import { refuseFirstOutcomes, test } from '../support/database.ts'
import { NEVER, relaysOn, sinkThat } from '../support/sending.ts'
import { addSubscriber, NOON, releasedEdition, servicesOn } from '../support/services.ts'
import { smtpReply } from '../support/sink.ts'

/** The queue loses every job in these tests (support/services.ts): the sender finds its emails in the table. */

const ADA = 'ada@example.org'

const senderOn = (services: Services, url: string) => ({ ...services, relay: relaysOn(url) })

const ask = (services: Services, typed = ADA) =>
  subscribe(services, { typed, zone: 'Europe/Berlin', origin: '192.0.2.7' })
const mailRows = (db: Db) => db.select().from(outbox).orderBy(outbox.id)
const states = async (db: Db) => (await mailRows(db)).map((row) => `${row.kind} ${row.state}`)
const leaseEnds = (db: Db) => db.execute(sql`UPDATE outbox SET lease_until = now() - interval '1 second'`)
const linkIn = (text: string, page: string) => new RegExp(`/${page}/([A-Za-z0-9_-]+)`).exec(text)![1]!

describe('the confirmation email', () => {
  test('has a confirmation link in both parts, and an unsubscribe link', async ({ db }) => {
    const services = servicesOn(db)
    const sink = await sinkThat()
    await ask(services)
    expect(await sendServiceEmails(senderOn(services, sink.url), NEVER)).toBe(1)
    const mail = await sink.read(ADA)
    expect(linkIn(mail.text!, 'confirm')).toBe(linkIn(mail.html as string, 'confirm'))
    expect(mail.text).toContain('7 days')
    expect(mail.text).toContain('1 Press Street, Inkwell')
    const [, leave] = /<https:\/\/paperboy\.example\/unsubscribe\/([\w-]+)>/.exec(sink.taken[0]!.raw)!
    await confirm(services, linkIn(mail.text!, 'confirm'))
    expect((await db.select().from(subscribers))[0]!.status).toBe('active')
    await unsubscribe(services, leave!)
    expect((await db.select().from(subscribers))[0]!.status).toBe('unsubscribed')
  })

  test('is in the language of the sign-up, which becomes the reader’s when they confirm', async ({ db }) => {
    const services = servicesOn(db)
    const sink = await sinkThat()
    await addSubscriber(db, ADA, { status: 'unsubscribed', locale: 'de' })
    await subscribe(services, { typed: ADA, origin: '192.0.2.7', locale: 'fr' })
    await sendServiceEmails(senderOn(services, sink.url), NEVER)
    const { text } = await sink.read(ADA)
    expect(text).toContain('Confirmez')
    expect((await db.select().from(subscribers))[0]!.locale).toBe('de')
    await confirm(services, linkIn(text!, 'confirm'))
    expect((await db.select().from(subscribers))[0]!.locale).toBe('fr')
  })

  test('has the headers of every email, and one recipient', async ({ db }) => {
    const services = servicesOn(db, { REPLY_TO: 'people@paperboy.example' })
    const sink = await sinkThat()
    await ask(services)
    await sendServiceEmails(senderOn(services, sink.url), NEVER)
    const [{ raw, from, to }] = sink.taken as [(typeof sink.taken)[0]]
    expect([from, to]).toEqual(['papers@paperboy.example', ADA])
    const head = raw.slice(0, raw.indexOf('\r\n\r\n')).replace(/\r\n[ \t]+/g, ' ')
    const values = (name: string) => [...head.matchAll(new RegExp(`^${name}: (.*)$`, 'gim'))].map((found) => found[1])
    expect(values('From')).toEqual(['Paperboy <papers@paperboy.example>'])
    expect(values('To')).toEqual([ADA])
    expect(values('Reply-To')).toEqual(['people@paperboy.example'])
    expect(values('Subject')).toEqual(['Confirm your Paperboy subscription'])
    expect(values('Date')).toEqual(['Wed, 15 Apr 2026 12:00:00 +0000'])
    expect(values('Message-ID')).toEqual([expect.stringMatching(/^<[\w-]{20,}@paperboy\.example>$/)])
    expect(values('List-Id')).toEqual([expect.stringContaining('.paperboy.example>')])
    expect(values('List-Unsubscribe')).toEqual([
      expect.stringMatching(
        /^<https:\/\/paperboy\.example\/unsubscribe\/[\w-]+>, ?<mailto:papers@paperboy\.example\?subject=unsubscribe%20[\w-]+>$/,
      ),
    ])
    expect(values('List-Unsubscribe-Post')).toEqual(['List-Unsubscribe=One-Click'])
    expect(values('List-Archive')).toEqual(['<https://paperboy.example/editions>'])
    expect(values('Feedback-ID')).toHaveLength(1)
    expect(values('Auto-Submitted')).toEqual(['auto-generated'])
    expect(values('MIME-Version')).toEqual(['1.0'])
    expect([values('Cc'), values('Bcc'), values('X-Mailer')]).toEqual([[], [], []])
    expect(raw.indexOf('text/plain')).toBeLessThan(raw.indexOf('text/html'))
    expect(raw).not.toMatch(/[^\r]\n/)
    expect(Math.max(...raw.split('\r\n').map((line) => line.length))).toBeLessThanOrEqual(998)
  })

  test('contains no text typed into the form', async ({ db }) => {
    const services = servicesOn(db)
    const sink = await sinkThat()
    const typed = 'win.at/evil.example/now@example.org'
    await subscribe(services, { typed, zone: 'Antarctica/Troll', origin: '192.0.2.7' })
    await sendServiceEmails(senderOn(services, sink.url), NEVER)
    const { text, html, subject } = await sink.read(typed)
    for (const part of [text!, html as string, subject!]) {
      expect(part).not.toMatch(/evil\.example|Troll|192\.0\.2\.7/)
    }
    expect(html, 'anything fetched from elsewhere can track readers').not.toMatch(/<img|<link|src=|url\(/i)
  })

  test('has a fresh link even after a delay', async ({ db }) => {
    const clock = { now: NOON }
    const services = servicesOn(db, {}, clock)
    const sink = await sinkThat()
    await ask(services)
    clock.now = new Date(NOON.getTime() + 40 * 3_600_000)
    await sendServiceEmails(senderOn(services, sink.url), NEVER)
    const token = linkIn((await sink.read(ADA)).text!, 'confirm')
    expect(verifyToken(services.keys, 'confirm', token).issuedAt).toEqual(clock.now)
  })
})

test.for([
  ['at-once', 'en', 'Your first one is already on its way. The next arrives on'],
  ['at-once', 'de', 'Ihre erste ist schon unterwegs. Die nächste kommt am'],
  ['at-their-hour', 'en', 'Your first one arrives on'],
  ['at-their-hour', 'de', 'Ihre erste kommt am'],
] as const)('with FIRST_DIGEST=%s the welcome (%s) says: %s', async ([first, locale, words], { db }) => {
  const services = servicesOn(db, { FIRST_DIGEST: first })
  const sink = await sinkThat()
  const sender = senderOn(services, sink.url)
  await releasedEdition(services)
  await ask(services)
  await db.update(subscribers).set({ locale })
  await sendServiceEmails(sender, NEVER)
  await confirm(services, linkIn((await sink.read(ADA)).text!, 'confirm'))
  await sendServiceEmails(sender, NEVER)
  const { text, html } = await sink.read(ADA)
  for (const part of [text!, html as string]) expect(part.replace(/\s+/g, ' ')).toContain(words)
})

test('the welcome gives the time of the first digest in the reader’s time zone', async ({ db }) => {
  const services = servicesOn(db)
  const sink = await sinkThat()
  const sender = senderOn(services, sink.url)
  await ask(services)
  await sendServiceEmails(sender, NEVER)
  await confirm(services, linkIn((await sink.read(ADA)).text!, 'confirm'))
  await sendServiceEmails(sender, NEVER)
  const welcome = await sink.read(ADA)
  expect(welcome.subject).toBe('Welcome to Paperboy')
  expect(welcome.text).toContain('Thursday, 16 April 2026 at 08:00 (Europe/Berlin)')
  for (const choice of ['topics', 'size', 'hour'])
    expect(welcome.text).toMatch(new RegExp(`/preferences/[\\w-]+#${choice}$`, 'm'))
  expect(await readPreferences(services, linkIn(welcome.text!, 'preferences'))).toMatchObject({ zone: 'Europe/Berlin' })
  await unsubscribeByBoth(services, welcome)
})

test('an active reader gets an email that says so, without a confirmation link', async ({ db }) => {
  const services = servicesOn(db)
  const sink = await sinkThat()
  await addSubscriber(db, ADA, { confirmNonce: Buffer.alloc(8, 1) })
  await ask(services)
  await sendServiceEmails(senderOn(services, sink.url), NEVER)
  const mail = await sink.read(ADA)
  expect(mail.subject).toMatch(/subscribed/)
  expect(mail.text).toContain('Thursday, 16 April 2026 at 08:00 (UTC)')
  expect(`${mail.text}${mail.html}`).not.toContain('/confirm/')
  await unsubscribeByBoth(services, mail)
})

/** Every email to a reader has the link that the sign-up form promises. */
async function unsubscribeByBoth(services: Services, { text, html }: { text?: string; html?: string | false }) {
  expect(text).toMatch(/^Unsubscribe: https:/m)
  expect(html).toMatch(/<a [^>]*\/unsubscribe\/[^>]*>Unsubscribe<\/a>/)
  expect(linkIn(html as string, 'unsubscribe')).toBe(linkIn(text!, 'unsubscribe'))
  await unsubscribe(services, linkIn(text!, 'unsubscribe'))
  expect((await services.db.select().from(subscribers))[0]!.status).toBe('unsubscribed')
}

test('every zone of the database can be formatted in an email', async ({ db }) => {
  const services = servicesOn(db)
  const { rows } = await db.execute<{ name: string }>(sql`SELECT name FROM pg_timezone_names WHERE is_zone(name)`)
  const unknownToIntl = rows.filter(({ name }) => {
    try {
      return !new Intl.DateTimeFormat('en', { timeZone: name })
    } catch {
      return true
    }
  })
  expect(rows.length).toBeGreaterThan(300)
  const sink = await sinkThat()
  for (const [n, { name }] of [...unknownToIntl, { name: 'Newer/Than_This_Node' }].entries()) {
    await addSubscriber(db, `r${n}@example.org`, { zone: name })
    await ask(services, `r${n}@example.org`)
  }
  await sendServiceEmails(senderOn(services, sink.url), NEVER)
  expect(sink.taken).toHaveLength(unknownToIntl.length + 1)
  expect((await sink.read(sink.taken.at(-1)!.to)).text).toContain('(UTC)')
})

describe('a sender that died during an attempt', () => {
  /** Sends the email and dies before it records the outcome. */
  async function dieAfterHandingOver(services: Services, url: string): Promise<void> {
    const { relay } = senderOn(services, url)
    const dying: Relay = {
      ...relay,
      async send(envelope, message) {
        await relay.send(envelope, message)
        throw new Error('kill -9')
      },
    }
    await expect(sendServiceEmails({ ...services, relay: dying }, NEVER)).rejects.toThrow('kill -9')
  }

  test('resend: up to three times, like a digest, under the same Message-ID; after a fourth crash it stays unknown', async ({
    db,
  }) => {
    const services = servicesOn(db)
    const sink = await sinkThat()
    await ask(services)
    await dieAfterHandingOver(services, sink.url)
    expect(await sendServiceEmails(senderOn(services, sink.url), NEVER), 'its lease has not expired').toBe(0)
    for (const _death of [2, 3, 4]) {
      await leaseEnds(db)
      await dieAfterHandingOver(services, sink.url)
    }
    await leaseEnds(db)
    expect(await sendServiceEmails(senderOn(services, sink.url), NEVER)).toBe(0)
    expect(sink.taken).toHaveLength(4)
    expect(new Set(sink.taken.map((one) => one.messageId)).size).toBe(1)
    expect(await states(db)).toEqual(['confirm unknown'])
    expect(await listUnknownServiceEmails(services)).toMatchObject([
      { kind: 'confirm', messageId: sink.taken[0]!.messageId },
    ])
  })

  test('hold: not resent', async ({ db }) => {
    const services = servicesOn(db, { UNKNOWN_POLICY: 'hold' })
    const sink = await sinkThat()
    await ask(services)
    await dieAfterHandingOver(services, sink.url)
    await leaseEnds(db)
    expect(await sendServiceEmails(senderOn(services, sink.url), NEVER)).toBe(0)
    expect(sink.taken).toHaveLength(1)
    expect(await states(db)).toEqual(['confirm unknown'])
  })

  test('a slow sender that returns after its successor finished overwrites nothing', async ({ db }) => {
    const services = servicesOn(db)
    let late = false
    const sink = await sinkThat({ data: () => (late ? smtpReply(451, '4.3.0 later') : undefined) })
    await ask(services)
    const { relay } = senderOn(services, sink.url)
    const slow: Relay = {
      ...relay,
      async send(envelope, message) {
        await leaseEnds(db)
        await sendServiceEmails({ ...services, relay }, NEVER)
        late = true
        return relay.send(envelope, message)
      },
    }
    await sendServiceEmails({ ...services, relay: slow }, NEVER)
    expect(await states(db)).toEqual(['confirm accepted'])
    expect((await mailRows(db))[0]!.settledAt).not.toBeNull()
  })
})

describe('the relay’s reply', () => {
  test('deferred: waits, then is retried under the same Message-ID', async ({ db }) => {
    const clock = { now: NOON }
    const services = servicesOn(db, {}, clock)
    const ids: string[] = []
    const sink = await sinkThat({
      data: ({ messageId }) =>
        ids.push(messageId) === 1 ? smtpReply(451, '4.2.0 greylisted ada@example.org') : undefined,
    })
    const sender = senderOn(services, sink.url)
    await ask(services)
    await sendServiceEmails(sender, NEVER)
    expect(await states(db)).toEqual(['confirm deferred'])
    expect((await mailRows(db))[0]!.reply).toBe('451 4.2.0 greylisted [address]')
    expect(await sendServiceEmails(sender, NEVER), 'it waits').toBe(0)
    clock.now = new Date(NOON.getTime() + 300_000)
    expect(await sendServiceEmails(sender, NEVER)).toBe(1)
    expect(await states(db)).toEqual(['confirm accepted'])
    expect(new Set(ids).size).toBe(1)
  })

  test('a lost connection after many deferrals is still retried: each is counted separately', async ({ db }) => {
    const services = servicesOn(db)
    await ask(services)
    await db.update(outbox).set({ state: 'deferred', attempts: 6 })
    const { relay } = senderOn(services, 'smtp://127.0.0.1:9')
    const cutting: Relay = { ...relay, send: async () => ({ state: 'unknown', reply: 'the connection was lost' }) }
    await sendServiceEmails({ ...services, relay: cutting }, NEVER)
    expect((await mailRows(db))[0]).toMatchObject({ state: 'unknown', cuts: 1, settledAt: null })
  })

  test('an email that a stop left untried returns to its state', async ({ db }) => {
    const services = servicesOn(db)
    await ask(services)
    const { relay } = senderOn(services, 'smtp://127.0.0.1:9')
    let asked = 0
    const stop = new AbortController()
    const stopping: Relay = {
      ...relay,
      async send() {
        asked++
        stop.abort()
        return { state: 'queued', reply: 'stopping' }
      },
    }
    await sendServiceEmails({ ...services, relay: stopping }, stop.signal)
    expect(asked).toBe(1)
    expect((await mailRows(db))[0]).toMatchObject({ state: 'queued', attempts: 0, dueAt: NOON, settledAt: null })
  })

  test('refused: not retried, and the next email is not delayed', async ({ db }) => {
    const services = servicesOn(db)
    const sink = await sinkThat({ recipient: (to) => (to === ADA ? smtpReply(550, '5.1.1 no such user') : undefined) })
    await ask(services)
    await ask(services, 'bob@example.org')
    await sendServiceEmails(senderOn(services, sink.url), NEVER)
    expect(await states(db)).toEqual(['confirm refused', 'confirm accepted'])
    expect((await mailRows(db))[0]!.settledAt).toEqual(NOON)
  })

  test('none, since it is down: all emails wait, and are sent when it is back', async ({ db }) => {
    const clock = { now: NOON }
    const services = servicesOn(db, {}, clock)
    await ask(services)
    await ask(services, 'bob@example.org')
    await sendServiceEmails(senderOn(services, 'smtp://127.0.0.1:9'), NEVER)
    clock.now = new Date(NOON.getTime() + 300_000)
    const sink = await sinkThat()
    await sendServiceEmails(senderOn(services, sink.url), NEVER)
    expect(await states(db)).toEqual(['confirm accepted', 'confirm accepted'])
  })

  for (const [policy, times] of [
    ['resend', 4],
    ['hold', 1],
  ] as const) {
    test(`none, after the whole message, under ${policy}: ${times} attempts`, async ({ db }) => {
      const clock = { now: NOON }
      const services = servicesOn(db, { UNKNOWN_POLICY: policy }, clock)
      const ids: string[] = []
      await ask(services)
      for (let round = 0; round < 6; round++) {
        clock.now = new Date(clock.now.getTime() + 1_800_000)
        const cutting: Relay = {
          connections: 1,
          room: async (want) => want,
          limited: () => false,
          restMs: () => 0,
          downMs: () => 0,
          close: () => {},
          async send(_envelope, message) {
            ids.push(/^Message-ID: (.*)$/im.exec(message.bytes.toString('latin1'))![1]!)
            return { state: 'unknown', reply: 'the connection was lost' }
          },
        }
        await sendServiceEmails({ ...services, relay: cutting }, NEVER)
      }
      expect(ids).toHaveLength(times)
      expect(new Set(ids).size).toBe(1)
      expect(await states(db)).toEqual(['confirm unknown'])
    })
  }
})

describe('a queued email is skipped when its recipient may no longer have it', () => {
  const cases: [string, 'confirm' | 'welcome', (db: Db) => Promise<unknown>][] = [
    [
      'who has confirmed since',
      'confirm',
      (db) => db.update(subscribers).set({ status: 'active', nextDigestAt: NOON }),
    ],
    [
      'who has unsubscribed since',
      'confirm',
      (db) => db.update(subscribers).set({ status: 'unsubscribed', leftAt: NOON }),
    ],
    ['who complained', 'confirm', (db) => db.update(subscribers).set({ status: 'complained' })],
    ['who was erased', 'confirm', (db) => db.update(subscribers).set({ status: 'erased', email: null })],
    ['whom the operator suppressed', 'confirm', (db) => suppress(db, 'manual')],
    ['whose row is gone', 'confirm', (db) => db.delete(subscribers)],
    ['who unsubscribed', 'welcome', (db) => db.update(subscribers).set({ status: 'unsubscribed' })],
    ['who bounced', 'welcome', (db) => suppress(db, 'hard bounce')],
  ]
  const suppress = async (db: Db, reason: 'manual' | 'hard bounce') => {
    const [row] = await db.select().from(subscribers)
    await db.insert(suppressions).values({ addressHash: row!.addressHash!, reason })
  }
  for (const [who, kind, happen] of cases) {
    test(`a ${kind} email to a reader ${who}`, async ({ db }) => {
      const clock = { now: NOON }
      const services = servicesOn(db, {}, clock)
      const sink = await sinkThat()
      await ask(services)
      if (kind === 'welcome') {
        await db.update(outbox).set({ kind })
        await db.update(subscribers).set({ status: 'active', nextDigestAt: NOON })
      }
      await happen(db)
      clock.now = new Date(NOON.getTime() + 1000)
      await ask(services, 'bob@example.org')
      expect(await sendServiceEmails(senderOn(services, sink.url), NEVER)).toBe(1)
      expect(sink.taken.map((one) => one.to)).toEqual(['bob@example.org'])
      expect(await mailRows(db)).toMatchObject([{ state: 'skipped', attempts: 0 }, { state: 'accepted' }])
    })
  }

  test('an unsubscribed reader who signs up again gets a confirmation email', async ({ db }) => {
    const services = servicesOn(db)
    const sink = await sinkThat()
    const leftAt = new Date(NOON.getTime() - 1000)
    await addSubscriber(db, ADA, { status: 'unsubscribed', leftAt })
    await ask(services)
    await sendServiceEmails(senderOn(services, sink.url), NEVER)
    expect(sink.taken).toHaveLength(1)
  })

  test('an email that could not be sent for two days expires', async ({ db }) => {
    const clock = { now: NOON }
    const services = servicesOn(db, {}, clock)
    const sink = await sinkThat()
    await ask(services)
    clock.now = new Date(NOON.getTime() + 49 * 3_600_000)
    expect(await sendServiceEmails(senderOn(services, sink.url), NEVER)).toBe(0)
    expect(await states(db)).toEqual(['confirm skipped'])
  })
})

test('an outcome that the database refuses at first is recorded, and nothing is sent again', async ({ db }) => {
  const services = servicesOn(db)
  const sink = await sinkThat()
  await ask(services)
  await refuseFirstOutcomes(db, 'outbox')
  expect(await sendServiceEmails(senderOn(services, sink.url), NEVER)).toBe(1)
  expect(await states(db)).toEqual(['confirm accepted'])
  expect(sink.taken).toHaveLength(1)
})

test('concurrent senders send each email once, and mark it handed before the relay sees it', async ({ db }) => {
  const services = servicesOn(db)
  const seenAs = new Set<string>()
  const sink = await sinkThat({
    async data({ to }) {
      const [row] = await db
        .select({ state: outbox.state })
        .from(outbox)
        .innerJoin(subscribers, eq(subscribers.id, outbox.subscriberId))
        .where(eq(subscribers.email, to))
      seenAs.add(row!.state)
    },
  })
  for (let n = 0; n < 24; n++) await ask(services, `r${n}@example.org`)
  const sent = await Promise.all([1, 2, 3].map(() => sendServiceEmails(senderOn(services, sink.url), NEVER)))
  expect(sent.reduce((sum, count) => sum + count, 0)).toBe(24)
  expect(new Set(sink.taken.map((one) => one.to)).size).toBe(24)
  expect(sink.taken).toHaveLength(24)
  expect(seenAs).toEqual(new Set(['handed']))
})

test('stopping finishes the current email and leaves the rest for the next sender', async ({ db }) => {
  const services = servicesOn(db)
  const stop = new AbortController()
  const sink = await sinkThat({
    data: () => {
      stop.abort()
      return undefined
    },
  })
  for (const name of ['ada', 'bob', 'eve']) await ask(services, `${name}@example.org`)
  await sendServiceEmails(senderOn(services, sink.url), stop.signal)
  expect(await states(db)).toEqual(['confirm accepted', 'confirm queued', 'confirm queued'])
  await sendServiceEmails(senderOn(services, sink.url), NEVER)
  expect(await states(db)).toEqual(['confirm accepted', 'confirm accepted', 'confirm accepted'])
})
