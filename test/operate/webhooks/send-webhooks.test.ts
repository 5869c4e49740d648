import { join } from 'node:path'
import { eq, sql } from 'drizzle-orm'
import { Webhook } from 'standardwebhooks'
import { describe, expect, onTestFinished } from 'vitest'
import {
  halt,
  passRestoreGuard,
  resumeAfterHalt,
  resumeAfterRestore,
} from '../../../src/delivery/ledger/restore-guard.ts'
import { settleEditions } from '../../../src/delivery/ledger/settle-editions.ts'
import { pause, resume } from '../../../src/edition/draft/control.ts'
import { addressHash } from '../../../src/mail/address.ts'
import { mintToken } from '../../../src/mail/tokens.ts'
import { findAttention } from '../../../src/operate/attention/find.ts'
import {
  addEndpoint,
  disableEndpoint,
  enableEndpoint,
  queueTest,
  rotateSecret,
} from '../../../src/operate/webhooks/endpoints.ts'
import { WEBHOOK_EVENTS, type WebhookEvent } from '../../../src/operate/webhooks/events.ts'
import { deleteOldMessages, listMessages, replayMessage } from '../../../src/operate/webhooks/messages.ts'
import { sendWebhooks } from '../../../src/operate/webhooks/send-webhooks.ts'
import { subscribers, webhookEndpoints, webhookMessages } from '../../../src/runtime/db/schema.ts'
import { confirm } from '../../../src/subscription/confirm.ts'
import { eraseReader } from '../../../src/subscription/erase.ts'
import { importSubscribers } from '../../../src/subscription/import.ts'
import { savePreferences } from '../../../src/subscription/preferences.ts'
import { subscribe } from '../../../src/subscription/subscribe.ts'
import { unsubscribeReader } from '../../../src/subscription/unsubscribe.ts'
import { suppress } from '../../../src/suppression/suppress.ts'
import { test as onDatabase } from '../../support/database.ts'
import { addReaders, addSubscriber, NOON, releasedEdition, servicesOn, testConfig } from '../../support/services.ts'
import { startReceiver } from './receiver.ts'

const ON = { WEBHOOKS_TO_PRIVATE_NETWORKS: 'on' }

const test = onDatabase
  // biome-ignore lint/correctness/noEmptyPattern: vitest reads the fixtures a fixture needs from this pattern
  .extend('receiver', { scope: 'test' }, async ({}, { onCleanup }) => {
    const receiver = await startReceiver()
    onCleanup(receiver.close)
    return receiver
  })
  .extend('desk', { scope: 'test' }, async ({ db, receiver }) => {
    const clock = { now: NOON }
    const services = servicesOn(db, ON, clock)
    const listen = (events: readonly WebhookEvent[] = WEBHOOK_EVENTS, includeAddresses = false) =>
      addEndpoint(services, { url: receiver.url, events, includeAddresses })
    /** What the receiver got since the last call, in order. */
    const events = async () => {
      await sendWebhooks(services)
      return receiver.got.splice(0).map(({ body }) => JSON.parse(body))
    }
    const wait = (seconds: number): void => {
      clock.now = new Date(clock.now.getTime() + seconds * 1000)
    }
    return { services, clock, listen, events, wait }
  })

const hashOf = (email: string) => addressHash(testConfig().SUPPRESSION_KEY, email)

describe('an event', () => {
  test('of a reader comes with each step of a subscription, by number and without the address', async ({
    db,
    desk,
  }) => {
    const { services, listen, events } = desk
    await listen()
    await subscribe(services, { typed: 'ada@example.org', origin: '192.0.2.1' })
    const [reader] = await db.select().from(subscribers)
    const { id, confirmNonce } = reader!
    const event = (type: string, status: string) => ({
      type: `reader.${type}`,
      timestamp: expect.stringMatching(/^2026-04-15T12:00:00/),
      data: { reader: { id, status } },
    })
    expect(await events()).toEqual([event('subscribed', 'pending')])
    await confirm(services, mintToken(services.keys, 'confirm', id, NOON, confirmNonce!))
    expect(await events()).toEqual([event('confirmed', 'active')])
    const preferences = mintToken(services.keys, 'preferences', id, NOON)
    await savePreferences(services, preferences, { hour: 7 })
    expect(await events()).toEqual([event('preferences_changed', 'active')])
    await savePreferences(services, preferences, { hour: 7 })
    expect(await events()).toEqual([])
    await unsubscribeReader(services, id)
    await unsubscribeReader(services, id)
    expect(await events()).toEqual([event('unsubscribed', 'unsubscribed')])
  })

  test('of a bounce, a complaint and an import of many comes for each reader', async ({ db, desk }) => {
    await addReaders(db, 3)
    await desk.listen(['reader.bounced', 'reader.complained', 'reader.confirmed'])
    const of = (...names: string[]) => names.map((name) => hashOf(`reader-${name}@example.org`))
    await suppress(
      db,
      of('1', '2').map((hash) => ({ hash, reason: 'hard bounce' as const })),
      NOON,
    )
    await suppress(
      db,
      of('3').map((hash) => ({ hash, reason: 'complaint' as const })),
      NOON,
    )
    expect((await desk.events()).map(({ type }) => type).sort()).toEqual([
      'reader.bounced',
      'reader.bounced',
      'reader.complained',
    ])
    await importSubscribers(desk.services, join(import.meta.dirname, '../../fixtures/webhooks/readers.csv'), {
      active: true,
      attestedBy: 'test',
      dryRun: false,
    })
    expect((await desk.events()).map(({ type }) => type)).toEqual(['reader.confirmed', 'reader.confirmed'])
  })

  test('of an edition comes when it is released, paused and finished', async ({ desk }) => {
    const { services, listen, events } = desk
    await listen(['edition.released', 'edition.paused', 'edition.finished'])
    const key = { kind: 'daily', date: '2026-04-13' } as const
    await releasedEdition(services, key.date, 3)
    const edition = { ...key, subject: expect.any(String) }
    expect(await events()).toMatchObject([{ type: 'edition.released', data: { edition } }])
    await pause(services, key)
    await pause(services, key)
    expect(await events()).toMatchObject([{ type: 'edition.paused', data: { edition } }])
    await resume(services, key)
    await settleEditions(services)
    expect(await events()).toMatchObject([{ type: 'edition.finished', data: { edition } }])
  })

  test('that is rolled back is not sent, and one without a listener is not stored', async ({ db, desk }) => {
    const id = await addSubscriber(db, 'ada@example.org')
    await unsubscribeReader(desk.services, id)
    expect(await db.$count(webhookMessages)).toBe(0)
    await db.update(subscribers).set({ status: 'active' })
    await desk.listen(['reader.unsubscribed'])
    const undone = db.transaction(async (tx) => {
      await unsubscribeReader({ ...desk.services, db: tx }, id)
      throw new Error('undone')
    })
    await expect(undone).rejects.toThrow('undone')
    await savePreferences(desk.services, mintToken(desk.services.keys, 'preferences', id, NOON), { hour: 3 })
    expect(await db.$count(webhookMessages)).toBe(0)
  })

  test('has the address only where the endpoint asks for it, and none once the reader is erased', async ({
    db,
    desk,
  }) => {
    const id = await addSubscriber(db, 'ada@example.org')
    await desk.listen(['reader.unsubscribed'], true)
    await unsubscribeReader(desk.services, id)
    expect(JSON.stringify(await db.select().from(webhookMessages))).not.toContain('ada')
    expect(await desk.events()).toMatchObject([{ data: { reader: { id, email: 'ada@example.org' } } }])
    await db.update(webhookMessages).set({ state: 'waiting' })
    await eraseReader(desk.services, id)
    expect([await desk.events(), await db.$count(webhookMessages)]).toEqual([[], 0])
  })
})

test('the triggers write the documented events and no others', async ({ db }) => {
  const { rows } = await db.execute<{ body: string }>(
    sql`SELECT prosrc AS body FROM pg_proc WHERE prosrc LIKE '%record_webhook_event(%'`,
  )
  const named = rows
    .flatMap(({ body }) => body.match(/'(?:reader|edition)\.[a-z_]+'/g) ?? [])
    .map((name) => name.slice(1, -1))
  const statuses = ['unsubscribed', 'bounced', 'complained'].map((status) => `reader.${status}`)
  const states = ['released', 'finished', 'paused'].map((state) => `edition.${state}`)
  expect([...new Set([...named, ...statuses, ...states])].sort()).toEqual([...WEBHOOK_EVENTS].sort())
})

describe('a message', () => {
  test('verifies by Standard Webhooks; after a rotation with both secrets, for a day', async ({ desk, receiver }) => {
    // The library compares with the machine's clock.
    desk.clock.now = new Date()
    const { id, secret } = await desk.listen()
    const deliver = async () => {
      await queueTest(desk.services, id)
      await sendWebhooks(desk.services)
      return receiver.got.splice(0)[0]!
    }
    const verifies = ({ body, headers }: { body: string; headers: object }, by: string) => {
      try {
        return new Webhook(by).verify(body, headers as Record<string, string>) !== undefined
      } catch {
        return false
      }
    }
    const first = await deliver()
    expect(verifies(first, secret)).toBe(true)
    expect(verifies({ ...first, body: first.body.replace('test', 'tess') }, secret)).toBe(false)
    const rotated = await rotateSecret(desk.services, id)
    const both = await deliver()
    expect([verifies(both, secret), verifies(both, rotated)]).toEqual([true, true])
    const [row] = await desk.services.db.select().from(webhookEndpoints)
    expect(row!.previousUntil!.getTime() - desk.clock.now.getTime()).toBe(24 * 3_600_000)
    await desk.services.db.update(webhookEndpoints).set({ previousUntil: new Date(desk.clock.now.getTime() - 1) })
    const after = await deliver()
    expect([verifies(after, secret), verifies(after, rotated)]).toEqual([false, true])
    // A secret is shown once: who lost it makes another, and the receiver still has one of those before.
    const lost = await rotateSecret(desk.services, id)
    const last = await rotateSecret(desk.services, id)
    const three = await deliver()
    expect([secret, rotated, lost, last].map((each) => verifies(three, each))).toEqual([false, true, true, true])
  })

  test('is sent again with the same id and content, ever more rarely, for three days; then its endpoint is disabled', async ({
    db,
    desk,
    receiver,
  }) => {
    const { id } = await desk.listen()
    receiver.answer.status = 500
    await queueTest(desk.services, id)
    const begun = desk.clock.now
    let attempts = 0
    while ((await db.select().from(webhookMessages))[0]!.state === 'waiting') {
      const { dueAt } = (await db.select().from(webhookMessages))[0]!
      if (dueAt > desk.clock.now) {
        await sendWebhooks(desk.services)
        expect(receiver.got).toHaveLength(attempts)
        desk.clock.now = dueAt
      }
      await sendWebhooks(desk.services)
      attempts++
    }
    const hours = (desk.clock.now.getTime() - begun.getTime()) / 3_600_000
    expect(attempts).toBe(10)
    expect(hours).toBeGreaterThan(60)
    expect(hours).toBeLessThan(80)
    expect(new Set(receiver.got.map(({ headers, body }) => `${headers['webhook-id']} ${body}`)).size).toBe(1)
    expect(new Set(receiver.got.map(({ headers }) => headers['webhook-timestamp'])).size).toBe(10)
    expect((await findAttention(desk.services)).filter(({ name }) => name === 'webhook_disabled')).toMatchObject([
      { about: `endpoint ${id}`, message: expect.stringContaining('answered 500') },
    ])
    // Enabled again, it gets what it missed on request.
    receiver.answer.status = 200
    await enableEndpoint(desk.services, id)
    const [message] = await listMessages(desk.services, id)
    await replayMessage(desk.services, id, message!.id)
    receiver.got.length = 0
    await sendWebhooks(desk.services)
    expect(receiver.got.map(({ headers }) => headers['webhook-id'])).toEqual([`msg_${message!.id}`])
    expect((await listMessages(desk.services, id))[0]).toMatchObject({ state: 'sent', status: 200, failure: null })
  })

  test('waits while the database looks restored: a copy does not report to the receivers of the original', async ({
    db,
    desk,
  }) => {
    const { id } = await desk.listen()
    await queueTest(desk.services, id)
    expect(await passRestoreGuard(desk.services)).toBe(true)
    await db.execute(sql`UPDATE mailing SET cluster = jsonb_set(cluster::jsonb, '{server}', '"another"')::text`)
    expect(await desk.events(), 'before anything else found the restore').toEqual([])
    expect(await listMessages(desk.services, id)).toMatchObject([{ state: 'waiting', attempts: 0 }])
    await resumeAfterRestore(desk.services, false)
    expect(await desk.events()).toMatchObject([{ type: 'test' }])
  })

  test('waits while the operator halts sending, and a run that goes on sends no more', async ({ desk, receiver }) => {
    const { id } = await desk.listen()
    receiver.answer.before = () => halt(desk.services)
    for (let n = 0; n < 12; n++) await queueTest(desk.services, id)
    const sent = (await desk.events()).length
    expect(sent).toBeGreaterThan(0)
    expect(sent).toBeLessThan(12)
    expect(await desk.events()).toEqual([])
    receiver.answer.before = async () => {}
    await resumeAfterHalt(desk.services)
    expect(await desk.events()).toHaveLength(12 - sent)
  })

  test('to an endpoint that answers 410 is not sent again, nor anything else', async ({ db, desk, receiver }) => {
    const { id } = await desk.listen()
    receiver.answer.status = 410
    await queueTest(desk.services, id)
    await sendWebhooks(desk.services)
    await queueTest(desk.services, id)
    desk.wait(3600)
    await sendWebhooks(desk.services)
    expect(receiver.got).toHaveLength(1)
    expect((await db.select().from(webhookEndpoints))[0]!.disabledWhy).toBe('it answered 410 Gone')
  })

  test('is sent once by workers that run at the same time, and again when one died', async ({ db, desk, receiver }) => {
    const { id } = await desk.listen()
    for (let n = 0; n < 12; n++) await queueTest(desk.services, id)
    await Promise.all([sendWebhooks(desk.services), sendWebhooks(desk.services), sendWebhooks(desk.services)])
    expect(new Set(receiver.got.map(({ headers }) => headers['webhook-id'])).size).toBe(12)
    expect(receiver.got).toHaveLength(12)
    // As a worker leaves it that died while it sent.
    await db
      .update(webhookMessages)
      .set({ state: 'waiting', dueAt: new Date(NOON.getTime() + 60_000) })
      .where(eq(webhookMessages.id, 1))
    await sendWebhooks(desk.services)
    expect(receiver.got).toHaveLength(12)
    desk.wait(61)
    await sendWebhooks(desk.services)
    expect(receiver.got).toHaveLength(13)
  })

  test('stays sent when an earlier attempt fails after it', async ({ desk, receiver }) => {
    const { id } = await desk.listen()
    await queueTest(desk.services, id)
    Object.assign(receiver.answer, {
      status: 500,
      before: async () => {
        // Its lease is over: a second worker sends the message before the first one gets its answer.
        desk.wait(61)
        Object.assign(receiver.answer, { status: 200, before: undefined })
        expect(await sendWebhooks(desk.services)).toEqual({ sent: 1, failed: 0 })
      },
    })
    expect(await sendWebhooks(desk.services)).toEqual({ sent: 0, failed: 1 })
    expect(receiver.got).toHaveLength(2)
    expect((await listMessages(desk.services, id))[0]).toMatchObject({ state: 'sent', status: 200 })
  })

  test('waits for no other endpoint that answers late', async ({ desk, receiver }) => {
    const { services, listen } = desk
    const late = await listen()
    const prompt = await startReceiver()
    onTestFinished(prompt.close)
    const { id } = await addEndpoint(services, { url: prompt.url, events: WEBHOOK_EVENTS, includeAddresses: false })
    let answerNow = () => {}
    const held = new Promise<void>((done) => (answerNow = done))
    receiver.answer.before = () => held
    for (let n = 0; n < 30; n++) for (const endpoint of [late.id, id]) await queueTest(services, endpoint)
    const run = sendWebhooks(services)
    await expect.poll(() => prompt.got.length, { timeout: 5_000 }).toBe(30)
    expect(receiver.got).toHaveLength(5)
    answerNow()
    expect(await run).toEqual({ sent: 60, failed: 0 })
  })

  test('that gets no answer ends its endpoint’s turn, and the others wait for the next one', async ({ db, desk }) => {
    const closed = await startReceiver()
    await closed.close()
    const { services } = desk
    const { id } = await addEndpoint(services, { url: closed.url, events: WEBHOOK_EVENTS, includeAddresses: false })
    for (let n = 0; n < 12; n++) await queueTest(services, id)
    expect(await sendWebhooks(services)).toEqual({ sent: 0, failed: 5 })
    expect(await sendWebhooks(services)).toEqual({ sent: 0, failed: 5 })
    const rows = await db.select().from(webhookMessages).orderBy(webhookMessages.id)
    expect(rows.map(({ attempts }) => attempts).join('')).toBe('111111111100')
  })

  test('is kept for 30 days after its last attempt', async ({ db, desk }) => {
    const { id } = await desk.listen()
    await queueTest(desk.services, id)
    await sendWebhooks(desk.services)
    desk.wait(29 * 86_400)
    await deleteOldMessages(desk.services)
    expect(await db.$count(webhookMessages)).toBe(1)
    desk.wait(2 * 86_400)
    await deleteOldMessages(desk.services)
    expect(await db.$count(webhookMessages)).toBe(0)
  })

  test('that waits for a disabled endpoint is kept for 30 days too, and one sent again for 30 more', async ({
    db,
    desk,
    receiver,
  }) => {
    const { id } = await desk.listen()
    receiver.answer.status = 500
    await queueTest(desk.services, id)
    await sendWebhooks(desk.services)
    await disableEndpoint(desk.services, id)
    await queueTest(desk.services, id)
    desk.wait(29 * 86_400)
    await queueTest(desk.services, id)
    await replayMessage(desk.services, id, 1)
    await deleteOldMessages(desk.services)
    expect(await db.$count(webhookMessages)).toBe(3)
    desk.wait(2 * 86_400)
    await deleteOldMessages(desk.services)
    expect((await listMessages(desk.services, id)).map((message) => message.id)).toEqual([3, 1])
    desk.wait(30 * 86_400)
    await deleteOldMessages(desk.services)
    expect(await db.$count(webhookMessages)).toBe(0)
  })

  test('waits while a person disabled the endpoint, which is no problem', async ({ desk, receiver }) => {
    const { id } = await desk.listen()
    await queueTest(desk.services, id)
    await disableEndpoint(desk.services, id)
    await sendWebhooks(desk.services)
    expect(receiver.got).toHaveLength(0)
    expect((await findAttention(desk.services)).filter(({ name }) => name === 'webhook_disabled')).toEqual([])
    await enableEndpoint(desk.services, id)
    await sendWebhooks(desk.services)
    expect(receiver.got).toHaveLength(1)
  })
})

describe('a target', () => {
  test('in a private network is refused, by address and by name', async ({ db, receiver }) => {
    const services = servicesOn(db)
    const urls = [
      receiver.url,
      `http://localhost:${receiver.port}/`,
      `http://[::1]:${receiver.port}/`,
      `http://[::ffff:127.0.0.1]:${receiver.port}/`,
      `http://0.0.0.0:${receiver.port}/`,
      `http://2130706433:${receiver.port}/`,
      'http://169.254.169.254/latest/meta-data',
      'http://10.0.0.1/',
      'http://[fd00::1]/',
      'http://[64:ff9b::7f00:1]/',
    ]
    for (const url of urls)
      await queueTest(
        services,
        (await addEndpoint(services, { url, events: WEBHOOK_EVENTS, includeAddresses: false })).id,
      )
    await sendWebhooks(services)
    expect(receiver.got).toEqual([])
    const rows = await db.select().from(webhookMessages).orderBy(webhookMessages.id)
    expect(rows.map(({ failure, attempts }) => `${attempts} ${failure}`)).toEqual(
      urls.map(() => '1 the address is in a private network'),
    )
  })

  test('that redirects is a failure: the new target was not checked', async ({ desk, receiver }) => {
    const { id } = await desk.listen()
    Object.assign(receiver.answer, { status: 307, headers: { location: receiver.url } })
    await queueTest(desk.services, id)
    await sendWebhooks(desk.services)
    expect(receiver.got).toHaveLength(1)
    expect((await listMessages(desk.services, id))[0]).toMatchObject({ state: 'waiting', failure: 'answered 307' })
  })

  test('that answers with a megabyte is done after the first part', async ({ desk, receiver }) => {
    const { id } = await desk.listen()
    receiver.answer.body = 'x'.repeat(1_000_000)
    await queueTest(desk.services, id)
    await sendWebhooks(desk.services)
    expect((await listMessages(desk.services, id))[0]).toMatchObject({ state: 'sent', status: 200 })
  })

  test('must be https in production, without a password in it', async ({ db }) => {
    const services = servicesOn(db)
    const production = { ...services, config: { ...services.config, NODE_ENV: 'production' as const } }
    const add = (url: string, to = production as typeof services) =>
      addEndpoint(to, { url, events: ['reader.confirmed'], includeAddresses: false })
    for (const url of ['http://example.org/', 'ftp://example.org', 'x', 'https://user:password@example.org/'])
      await expect(add(url)).rejects.toMatchObject({ code: 'BAD_WEBHOOK' })
    await expect(add('x', services)).rejects.toThrow('must start with https:// or http:// and have')
    await expect(add('https://example.org/hook')).resolves.toMatchObject({ secret: expect.stringMatching(/^whsec_/) })
  })
})
