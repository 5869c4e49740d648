import { eq, sql } from 'drizzle-orm'
import { drizzle } from 'drizzle-orm/node-postgres'
import { describe, expect } from 'vitest'
import { addressHash } from '../../src/mail/address.ts'
import { mintToken } from '../../src/mail/tokens.ts'
import { sendServiceEmails } from '../../src/outbox/send-service-emails.ts'
import type { Relay } from '../../src/relay/relay.ts'
import { type Db, openPool } from '../../src/runtime/db/database.ts'
import * as schema from '../../src/runtime/db/schema.ts'
import { outbox, subscribers, suppressions } from '../../src/runtime/db/schema.ts'
import type { Services } from '../../src/runtime/services.ts'
import { checkConfirm, confirm } from '../../src/subscription/confirm.ts'
import { requestManageLink } from '../../src/subscription/manage.ts'
import { savePreferences } from '../../src/subscription/preferences.ts'
import { subscribe } from '../../src/subscription/subscribe.ts'
import { checkUnsubscribe, unsubscribe } from '../../src/subscription/unsubscribe.ts'
import { test } from '../support/database.ts'
import { addSubscriber, NOON, servicesOn, testConfig } from '../support/services.ts'

const ADA = 'ada@example.org'
const request = { typed: ADA, zone: 'Europe/Berlin', origin: '192.0.2.7' }
const DAY = 86_400_000
const later = (ms: number) => new Date(NOON.getTime() + ms)

const row = async (db: Db, email = ADA) =>
  (await db.select().from(subscribers).where(eq(subscribers.emailKey, email)))[0]!
const mails = async (db: Db) => (await db.select().from(outbox).orderBy(outbox.id)).map((mail) => mail.kind)
const suppress = (db: Db, reason: 'hard bounce' | 'complaint' | 'erasure' | 'manual', email = ADA) =>
  db.insert(suppressions).values({ addressHash: addressHash(testConfig().SUPPRESSION_KEY, email), reason })

/** The link in the newest confirmation email. */
async function confirmToken({ db, keys, now }: Services, email = ADA): Promise<string> {
  const { id, confirmNonce } = await row(db, email)
  return mintToken(keys, 'confirm', id, now(), confirmNonce!)
}
const unsubscribeToken = async ({ db, keys, now }: Services) =>
  mintToken(keys, 'unsubscribe', (await row(db)).id, now())

describe('signing up', () => {
  test('creates a pending subscriber and its confirmation email in one transaction', async ({ db }) => {
    const services = servicesOn(db)
    await subscribe(services, { ...request, typed: ' Ada@EXAMPLE.org ' })
    expect(await row(db)).toMatchObject({
      email: 'Ada@example.org',
      status: 'pending',
      zone: 'Europe/Berlin',
      nextDigestAt: null,
      requestedAt: NOON,
    })
    expect(await db.select().from(outbox)).toMatchObject([
      { kind: 'confirm', state: 'queued', subscriberId: (await row(db)).id, dueAt: NOON },
    ])
  })

  test('changes nothing when the email cannot be queued', async ({ db }) => {
    await db.execute(
      sql`CREATE FUNCTION no_space() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'disk full'; END $$`,
    )
    await db.execute(sql`CREATE TRIGGER no_space BEFORE INSERT ON outbox FOR EACH ROW EXECUTE FUNCTION no_space()`)
    await expect(subscribe(servicesOn(db), request)).rejects.toThrow()
    expect(await db.$count(subscribers)).toBe(0)
  })

  test('stores only a keyed hash of the origin', async ({ db }) => {
    await subscribe(servicesOn(db), request)
    const { consentOrigin, consentForm } = await row(db)
    expect(consentOrigin).toHaveLength(32)
    expect(consentOrigin!.includes('192.0.2.7')).toBe(false)
    expect(consentForm).not.toBe('')
  })

  test('treats an unknown zone as UTC, since the reader never typed it', async ({ db }) => {
    const services = servicesOn(db)
    const zones = ['Mars/Olympus', 'FOO+3', "x'; DROP TABLE subscribers", 'Europe/Berlin\0', undefined]
    for (const [n, zone] of zones.entries()) {
      await subscribe(services, { ...request, typed: `r${n}@example.org`, zone })
      expect((await row(db, `r${n}@example.org`)).zone, String(zone)).toBe('UTC')
    }
  })

  test('keeps the zone and the language of a returning reader when it brings none', async ({ db }) => {
    const services = servicesOn(db)
    const id = await addSubscriber(db, ADA, { status: 'unsubscribed', zone: 'Asia/Tokyo', locale: 'de' })
    for (const zone of [undefined, 'Mars/Olympus', 'Europe/Berlin\0']) {
      await db.delete(outbox)
      await subscribe(services, { typed: ADA, origin: request.origin, zone })
      expect(await row(db), String(zone)).toMatchObject({ id, zone: 'Asia/Tokyo', locale: 'de' })
      expect(await mails(db)).toEqual(['confirm'])
    }
    await db.delete(outbox)
    await subscribe(services, { ...request, locale: 'fr' })
    await confirm(services, await confirmToken(services))
    expect(await row(db)).toMatchObject({ zone: 'Europe/Berlin', locale: 'fr' })
  })

  test.for(['pending', 'unsubscribed', 'bounced', 'complained'] as const)(
    'by a stranger changes nothing that a reader who is %s chose, until they confirm',
    async (status, { db }) => {
      const clock = { now: NOON }
      const services = servicesOn(db, {}, clock)
      const chosen = {
        zone: 'Asia/Tokyo',
        locale: 'de',
        topics: ['speech'],
        authors: ['Ada Lovelace'],
        organisations: [],
      }
      await addSubscriber(db, ADA, { status, ...chosen })
      await subscribe(services, {
        ...request,
        locale: 'fr',
        wishes: { topics: ['robotics'], authors: ['Ada Lovelace'] },
      })
      expect(await row(db)).toMatchObject({ status, ...chosen })
      // A second one, of the page of another topic.
      clock.now = later(120_000)
      await subscribe(services, {
        typed: ADA,
        origin: request.origin,
        wishes: { topics: ['vision'], organisations: ['NVIDIA'] },
      })
      expect(await row(db)).toMatchObject({ status, ...chosen })
      if (status === 'complained') return
      const { zone, firstDigestAt } = await confirm(services, await confirmToken(services))
      expect([zone, firstDigestAt]).toEqual(['Europe/Berlin', new Date('2026-04-16T06:00:00Z')])
      expect(await row(db)).toMatchObject({
        ...{ status: 'active', zone: 'Europe/Berlin', locale: 'fr', asked: null, nextDigestAt: firstDigestAt },
        ...{ topics: ['speech', 'robotics', 'vision'], authors: ['Ada Lovelace'], organisations: ['NVIDIA'] },
      })
    },
  )

  test('by a stranger that was never confirmed leaves nothing for a later one', async ({ db }) => {
    const clock = { now: NOON }
    const services = servicesOn(db, {}, clock)
    await addSubscriber(db, ADA, { status: 'unsubscribed', zone: 'Asia/Tokyo', topics: ['speech'] })
    await subscribe(services, { ...request, wishes: { topics: ['robotics'] } })
    clock.now = later(8 * DAY)
    await subscribe(services, { typed: ADA, origin: request.origin })
    await confirm(services, await confirmToken(services))
    expect(await row(db)).toMatchObject({ status: 'active', zone: 'Asia/Tokyo', topics: ['speech'] })
  })

  test('gives way to what the reader chooses before they confirm', async ({ db }) => {
    const services = servicesOn(db)
    const id = await addSubscriber(db, ADA, { status: 'unsubscribed', zone: 'Asia/Tokyo' })
    await subscribe(services, { ...request, locale: 'fr', wishes: { topics: ['robotics'] } })
    await savePreferences(services, mintToken(services.keys, 'preferences', id, NOON), { zone: 'Europe/Rome' })
    await confirm(services, await confirmToken(services))
    expect(await row(db)).toMatchObject({ zone: 'Europe/Rome', locale: 'fr', topics: ['robotics'] })
  })

  test('refuses an invalid address, and writes nothing', async ({ db }) => {
    await expect(
      subscribe(servicesOn(db), { ...request, typed: 'ada@example.org\r\nBcc: x@y.zz' }),
    ).rejects.toMatchObject({
      code: 'BAD_ADDRESS',
    })
    expect([await db.$count(subscribers), await db.$count(outbox)]).toEqual([0, 0])
  })

  test('by a stranger does not change an active reader', async ({ db }) => {
    await addSubscriber(db, ADA, { zone: 'Asia/Tokyo' })
    const before = await row(db)
    await subscribe(servicesOn(db), { ...request, typed: 'ADA@example.org' })
    const { status, zone, email, nextDigestAt } = await row(db)
    expect({ status, zone, email, nextDigestAt }).toEqual({
      status: 'active',
      zone: 'Asia/Tokyo',
      email: ADA,
      nextDigestAt: before.nextDigestAt,
    })
  })
})

describe('rule 7: a sign-up does not reveal whether the address was known', () => {
  const known: Record<string, { mail: string[]; make: (db: Db) => Promise<unknown> }> = {
    new: { mail: ['confirm'], make: async () => {} },
    pending: { mail: ['confirm'], make: (db) => addSubscriber(db, ADA, { status: 'pending' }) },
    active: { mail: ['already'], make: (db) => addSubscriber(db, ADA) },
    unsubscribed: { mail: ['confirm'], make: (db) => addSubscriber(db, ADA, { status: 'unsubscribed' }) },
    bounced: {
      mail: ['confirm'],
      make: async (db) => [await addSubscriber(db, ADA, { status: 'bounced' }), await suppress(db, 'hard bounce')],
    },
    complained: {
      mail: ['confirm'],
      make: async (db) => [await addSubscriber(db, ADA, { status: 'complained' }), await suppress(db, 'complaint')],
    },
    'complained, the suppression lost': {
      mail: ['confirm'],
      make: (db) => addSubscriber(db, ADA, { status: 'complained' }),
    },
    erased: {
      mail: ['confirm'],
      make: async (db) => {
        const gone = { status: 'erased', email: null, emailKey: null, addressHash: null, nextDigestAt: null } as const
        return [await addSubscriber(db, ADA, gone), await suppress(db, 'erasure')]
      },
    },
    'suppressed by the operator': { mail: ['confirm'], make: (db) => suppress(db, 'manual') },
  }
  const count = async (databaseUrl: string, typed = ADA) => {
    const statements: string[] = []
    const pool = openPool(databaseUrl, () => {})
    const counting: Db = drizzle(pool, { schema, logger: { logQuery: (query) => statements.push(query) } })
    const answer = await subscribe(servicesOn(counting), { ...request, typed }).finally(() => pool.end())
    return { answer, statements }
  }

  for (const [name, { mail, make }] of Object.entries(known)) {
    test(`${name}: the same answer by the same statements, and a row for the worker: ${mail.join()}`, async ({
      db,
      databaseUrl,
    }) => {
      await make(db)
      const reference = await count(databaseUrl, 'somebody-new@example.net')
      const before = await db.$count(outbox)
      const status = (await row(db))?.status
      expect(await count(databaseUrl)).toEqual(reference)
      expect(reference.statements.length).toBeGreaterThan(0)
      expect((await mails(db)).slice(before)).toEqual(mail)
      if (status) expect((await row(db)).status, 'only a confirmation changes it').toBe(status)
    })
  }
})

describe('emails that a stranger can trigger', () => {
  const MINUTE = 60_000

  test('a second after a minute, a third after ten more, then an hour, six hours, and no sixth that day', async ({
    db,
  }) => {
    const clock = { now: NOON }
    const services = servicesOn(db, {}, clock)
    const sent: number[] = []
    for (let minute = 0; minute <= 24 * 60; minute++) {
      clock.now = later(minute * MINUTE)
      const before = await db.$count(outbox)
      if (minute < 90 || minute % 30 === 0) await subscribe(services, request)
      if ((await db.$count(outbox)) > before) sent.push(minute)
    }
    expect(sent).toEqual([0, 1, 11, 71 + 0, 450, 1440])
  })

  test('other spellings of a mailbox count as one; another mailbox counts separately', async ({ db }) => {
    const services = servicesOn(db)
    await subscribe(services, request)
    await subscribe(services, { ...request, typed: 'ADA@example.org' })
    expect(await mails(db)).toHaveLength(1)
    await subscribe(services, { ...request, typed: 'bob@example.org' })
    expect(await mails(db)).toHaveLength(2)
  })

  test('tags of an address count as one person: thirty give one email, and the address stays as typed', async ({
    db,
  }) => {
    const services = servicesOn(db)
    for (let n = 0; n < 30; n++) await subscribe(services, { ...request, typed: `Ada+${n}@example.org` })
    await requestManageLink(services, { typed: 'ada+x+y@example.org' })
    expect(await mails(db)).toEqual(['confirm', 'manage'])
    expect((await row(db, 'ada+0@example.org')).email).toBe('Ada+0@example.org')
    for (const typed of ['+ada@example.org', '"ada+x y"@example.org', 'ada@example.net'])
      await subscribe(services, { ...request, typed })
    expect(await mails(db), 'which are not tags of hers').toHaveLength(5)
  })

  test('thirty concurrent sign-ups send one email', async ({ db }) => {
    const services = servicesOn(db)
    await Promise.all(Array.from({ length: 30 }, () => subscribe(services, request)))
    expect(await mails(db)).toHaveLength(1)
  })

  test('the links in all emails of one request work, also after sign-ups that send none', async ({ db }) => {
    const clock = { now: NOON }
    const services = servicesOn(db, {}, clock)
    await subscribe(services, request)
    const first = await confirmToken(services)
    clock.now = later(2 * MINUTE)
    await subscribe(services, request)
    expect(await mails(db)).toHaveLength(2)
    const second = await confirmToken(services)
    await subscribe(services, request)
    expect(first).not.toBe(second)
    await confirm(services, first)
    expect((await row(db)).status).toBe('active')
    expect((await confirm(services, second)).returning).toBe(false)
    expect(await mails(db)).toEqual(['confirm', 'confirm', 'welcome'])
  })

  test('signing up while active does not invalidate the used confirmation link', async ({ db }) => {
    const clock = { now: NOON }
    const services = servicesOn(db, {}, clock)
    await subscribe(services, request)
    const token = await confirmToken(services)
    await confirm(services, token)
    clock.now = later(2 * MINUTE)
    await subscribe(services, request)
    expect(await mails(db)).toEqual(['confirm', 'welcome', 'already'])
    await confirm(services, token)
  })
})

describe('confirming', () => {
  test('activates the reader, schedules the first digest in their time zone, and sends a welcome', async ({ db }) => {
    const services = servicesOn(db)
    await subscribe(services, request)
    const { firstDigestAt } = await confirm(services, await confirmToken(services))
    expect(firstDigestAt).toEqual(new Date('2026-04-16T06:00:00Z')) // 08:00 in Berlin, the next morning
    expect(await row(db)).toMatchObject({
      status: 'active',
      nextDigestAt: firstDigestAt,
      confirmedAt: NOON,
      firstConfirmedAt: NOON,
    })
    expect(await mails(db)).toEqual(['confirm', 'welcome'])
  })

  test('twice, even concurrently, is one confirmation and one welcome', async ({ db }) => {
    const services = servicesOn(db)
    await subscribe(services, request)
    const token = await confirmToken(services)
    const answers = await Promise.all([confirm(services, token), confirm(services, token)])
    answers.push(await confirm(services, token))
    expect(new Set(answers.map((answer) => answer.firstDigestAt.getTime())).size).toBe(1)
    expect(await mails(db)).toEqual(['confirm', 'welcome'])
  })

  test('opening the link changes nothing', async ({ db }) => {
    const services = servicesOn(db)
    await subscribe(services, request)
    const before = await row(db)
    checkConfirm(services, await confirmToken(services))
    expect(await row(db)).toEqual(before)
  })

  test('works for seven days and not a second longer', async ({ db }) => {
    const clock = { now: NOON }
    const services = servicesOn(db, {}, clock)
    await subscribe(services, request)
    const token = await confirmToken(services)
    clock.now = later(7 * DAY + 1000)
    expect(() => checkConfirm(services, token)).toThrow(expect.objectContaining({ code: 'TOKEN_EXPIRED' }))
    await expect(confirm(services, token)).rejects.toMatchObject({ code: 'TOKEN_EXPIRED' })
    expect((await row(db)).status).toBe('pending')
    clock.now = later(7 * DAY)
    await confirm(services, token)
    expect((await row(db)).status).toBe('active')
  })

  test('refuses tokens of other purposes, other readers and none', async ({ db }) => {
    const services = servicesOn(db)
    await subscribe(services, request)
    const { id, confirmNonce } = await row(db)
    const forged = [
      mintToken(services.keys, 'unsubscribe', id, NOON, confirmNonce!),
      mintToken(services.keys, 'preferences', id, NOON, confirmNonce!),
      mintToken(
        { current: 'another key also thirty-two bytes long!', previous: [] },
        'confirm',
        id,
        NOON,
        confirmNonce!,
      ),
      mintToken(services.keys, 'confirm', id + 1, NOON, confirmNonce!),
      mintToken(services.keys, 'confirm', id, NOON, Buffer.alloc(8)),
      mintToken(services.keys, 'confirm', id, NOON),
      '',
    ]
    for (const token of forged) await expect(confirm(services, token)).rejects.toMatchObject({ code: 'TOKEN_UNKNOWN' })
    expect((await row(db)).status).toBe('pending')
  })

  for (const reason of ['hard bounce', 'erasure'] as const) {
    test(`lifts a suppression for: ${reason}`, async ({ db }) => {
      const services = servicesOn(db)
      await subscribe(services, request)
      await suppress(db, reason)
      await suppress(db, reason, 'somebody.else@example.org')
      await confirm(services, await confirmToken(services))
      expect(await db.$count(suppressions)).toBe(1)
    })
  }

  for (const reason of ['complaint', 'manual'] as const) {
    test(`is refused under a suppression for: ${reason}, until the operator lifts it`, async ({ db }) => {
      const services = servicesOn(db)
      await subscribe(services, request)
      const token = await confirmToken(services)
      await suppress(db, reason)
      await expect(confirm(services, token)).rejects.toMatchObject({ code: 'TOKEN_UNKNOWN' })
      expect(await row(db)).toMatchObject({ status: 'pending', confirmedAt: null, nextDigestAt: null })
      expect(await mails(db)).toEqual(['confirm'])
      expect(await db.$count(suppressions)).toBe(1)
      await db.delete(suppressions)
      await confirm(services, token)
      expect((await row(db)).status).toBe('active')
    })
  }
})

describe('a used link never reactivates', () => {
  const since: [string, (db: Db) => Promise<unknown>][] = [
    ['bounced', (db) => db.update(subscribers).set({ status: 'bounced' })],
    ['complained', (db) => db.update(subscribers).set({ status: 'complained' })],
    ['erased', (db) => db.update(subscribers).set({ status: 'erased', email: null, emailKey: null })],
  ]
  for (const [name, happen] of since) {
    test(`a reader who ${name === 'erased' ? 'was ' : ''}${name} since`, async ({ db }) => {
      const clock = { now: NOON }
      const services = servicesOn(db, {}, clock)
      await subscribe(services, request)
      const token = await confirmToken(services)
      await confirm(services, token)
      await happen(db)
      await suppress(db, 'hard bounce')
      clock.now = later(60_000)
      await expect(confirm(services, token)).rejects.toMatchObject({ code: 'TOKEN_UNKNOWN' })
      expect((await db.select().from(subscribers))[0]!.status).toBe(name)
      expect(await db.$count(suppressions)).toBe(1)
    })
  }

  test('a reader who unsubscribed since, even within the same second', async ({ db }) => {
    const services = servicesOn(db)
    await subscribe(services, request)
    const token = await confirmToken(services)
    await confirm(services, token)
    await unsubscribe(services, await unsubscribeToken(services))
    await expect(confirm(services, token)).rejects.toMatchObject({ code: 'TOKEN_UNKNOWN' })
    expect((await row(db)).status).toBe('unsubscribed')
  })

  test('a reader who unsubscribed from the confirmation email', async ({ db }) => {
    const services = servicesOn(db)
    await subscribe(services, request)
    await unsubscribe(services, await unsubscribeToken(services))
    await expect(confirm(services, await confirmToken(services).catch(() => ''))).rejects.toMatchObject({
      code: 'TOKEN_UNKNOWN',
    })
    expect((await row(db)).status).toBe('unsubscribed')
  })
})

describe('unsubscribing', () => {
  test('takes effect at once, lasts, and is safe to repeat', async ({ db }) => {
    const clock = { now: NOON }
    const services = servicesOn(db, {}, clock)
    await addSubscriber(db, ADA)
    const token = await unsubscribeToken(services)
    clock.now = later(400 * DAY) // no age is too old
    await unsubscribe(services, token)
    const left = await row(db)
    expect(left).toMatchObject({ status: 'unsubscribed', leftAt: later(400 * DAY) })
    clock.now = later(500 * DAY)
    await unsubscribe(services, token)
    expect(await row(db)).toEqual(left)
    expect(await mails(db)).toEqual([])
  })

  test('is no error for deleted, erased or complained readers, and changes nothing for them', async ({ db }) => {
    const services = servicesOn(db)
    await unsubscribe(services, mintToken(services.keys, 'unsubscribe', 999, NOON))
    for (const status of ['complained', 'erased'] as const) {
      await addSubscriber(db, `${status}@example.org`, { status })
      const before = await row(db, `${status}@example.org`)
      await unsubscribe(services, mintToken(services.keys, 'unsubscribe', before.id, NOON))
      expect(await row(db, `${status}@example.org`)).toEqual(before)
    }
  })

  test('also ends the open request of a bounced reader: no email follows, and its link no longer works', async ({
    db,
  }) => {
    const clock = { now: NOON }
    const services = servicesOn(db, {}, clock)
    await addSubscriber(db, ADA, { status: 'bounced', confirmedAt: later(-DAY) })
    await suppress(db, 'hard bounce')
    await subscribe(services, request)
    const token = await confirmToken(services)
    clock.now = later(60_000)
    await unsubscribe(services, await unsubscribeToken(services))
    expect(await row(db)).toMatchObject({ status: 'unsubscribed', leftAt: clock.now })
    await expect(confirm(services, token)).rejects.toMatchObject({ code: 'TOKEN_UNKNOWN' })
    const sent: string[] = []
    const relay = { send: async ({ to }: { to: string }) => sent.push(to) } as unknown as Relay
    await sendServiceEmails({ ...services, relay }, new AbortController().signal)
    expect(sent).toEqual([])
  })

  test('refuses tokens of other purposes', async ({ db }) => {
    const services = servicesOn(db)
    const id = await addSubscriber(db, ADA)
    for (const purpose of ['confirm', 'preferences'] as const) {
      const token = mintToken(services.keys, purpose, id, NOON)
      await expect(unsubscribe(services, token)).rejects.toMatchObject({ code: 'TOKEN_UNKNOWN' })
      expect(() => checkUnsubscribe(services, token)).toThrow(expect.objectContaining({ code: 'TOKEN_UNKNOWN' }))
    }
    expect((await row(db)).status).toBe('active')
  })

  test('works with the link of an old email after a key rotation', async ({ db }) => {
    const [old, fresh] = ['the key until last year of thirty-two bytes', 'the key since then of thirty-two bytes too']
    const id = await addSubscriber(db, ADA)
    const token = mintToken(servicesOn(db, { SECRET_KEY: old! }).keys, 'unsubscribe', id, NOON)
    await unsubscribe(servicesOn(db, { SECRET_KEY: fresh!, SECRET_KEY_PREVIOUS: `${'x'.repeat(40)},${old}` }), token)
    expect((await row(db)).status).toBe('unsubscribed')
  })

  test('resubscribing needs a new sign-up and its confirmation', async ({ db }) => {
    const clock = { now: NOON }
    const services = servicesOn(db, {}, clock)
    await subscribe(services, request)
    await confirm(services, await confirmToken(services))
    clock.now = later(DAY)
    await unsubscribe(services, await unsubscribeToken(services))
    clock.now = later(2 * DAY)
    await subscribe(services, { ...request, zone: 'Asia/Tokyo' })
    expect((await row(db)).status, 'until it is confirmed').toBe('unsubscribed')
    const { firstDigestAt, returning } = await confirm(services, await confirmToken(services))
    expect(returning, 'not a first subscription').toBe(true)
    expect(await row(db)).toMatchObject({
      status: 'active',
      zone: 'Asia/Tokyo',
      nextDigestAt: firstDigestAt,
      firstConfirmedAt: NOON,
      confirmedAt: later(2 * DAY),
    })
    expect(firstDigestAt).toEqual(new Date('2026-04-17T23:00:00Z'))
  })
})
