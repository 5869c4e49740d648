import { readFileSync } from 'node:fs'
import { sql } from 'drizzle-orm'
import { expect } from 'vitest'
import { dropOldDeliveries } from '../../src/delivery/ledger/drop-old-deliveries.ts'
import { deleteOldInbound } from '../../src/inbound/retention.ts'
import { mintToken } from '../../src/mail/tokens.ts'
import { deleteExpired } from '../../src/privacy/delete-expired.ts'
import { retentionPeriods } from '../../src/privacy/retention-periods.ts'
import { deliveries, editions, inboundEvents, outbox, subscribers, suppressions } from '../../src/runtime/db/schema.ts'
import { confirm } from '../../src/subscription/confirm.ts'
import { deleteIdleBuckets } from '../../src/subscription/delete-domain-data.ts'
import { subscribe } from '../../src/subscription/subscribe.ts'
import { deleteExpiredJob } from '../../workers/delete-expired.ts'
import { siteOn, test } from '../http/site.ts'
import { someoneWaits } from '../support/database.ts'
import { addSubscriber, NOON, servicesOn, testConfig } from '../support/services.ts'

const daysAgo = (days: number) => new Date(NOON.getTime() - days * 86_400_000)

test('deletes data past its retention period, and keeps the rest', async ({ db }) => {
  const services = servicesOn(db, { LEFT_READER_DAYS: '100', SERVICE_MAIL_DAYS: '40', INBOUND_EVENT_DAYS: '50' })
  const reader = await addSubscriber(db, 'reads@example.org')
  for (const [name, status, days] of [
    ['left-long-ago', 'unsubscribed', 101],
    ['left-lately', 'unsubscribed', 99],
    ['bounced-long-ago', 'bounced', 101],
    ['complained-long-ago', 'complained', 101],
  ] as const)
    await addSubscriber(db, `${name}@example.org`, {
      status,
      nextDigestAt: null,
      confirmedAt: daysAgo(days + 1),
      leftAt: daysAgo(days),
      updatedAt: daysAgo(days),
    })
  for (const [n, days] of [39, 41, undefined].entries()) {
    const settledAt = days === undefined ? null : daysAgo(days)
    await db.insert(outbox).values({
      kind: 'welcome',
      subscriberId: reader,
      state: settledAt ? 'accepted' : 'queued',
      settledAt,
      createdAt: daysAgo(400),
      messageKey: Buffer.from([n]),
    })
  }
  await db.execute(sql`
    INSERT INTO inbound_events (received_at, source, class, reason, did, fingerprint, evidence, authority)
    SELECT ${NOON}::timestamptz - make_interval(days => n), 'command', 'hard', 'test', 'nothing', decode(lpad(n::text, 4, '0'), 'hex'), '', 'link'
    FROM unnest(ARRAY[49, 51]) AS n`)
  await deleteOldInbound(services)
  expect(await db.$count(inboundEvents)).toBe(1)
  expect(await deleteExpired(services)).toEqual({ serviceMails: 1, readers: 3 })
  expect(
    (await db.select({ email: subscribers.email, status: subscribers.status }).from(subscribers)).sort((a, b) =>
      String(a.email).localeCompare(String(b.email)),
    ),
  ).toEqual([
    { email: 'left-lately@example.org', status: 'unsubscribed' },
    { email: null, status: 'erased' },
    { email: null, status: 'erased' },
    { email: null, status: 'erased' },
    { email: 'reads@example.org', status: 'active' },
  ])
  // An old list does not bring them back.
  expect(await db.$count(suppressions)).toBe(3)
  expect(await deleteExpired(services)).toEqual({ serviceMails: 0, readers: 0 })
})

test('keeps a reader who unsubscribed long ago and signs up again, before and while they confirm', async ({ db }) => {
  const services = servicesOn(db, { LEFT_READER_DAYS: '100' })
  const left = { status: 'unsubscribed', nextDigestAt: null, leftAt: daysAgo(101), updatedAt: daysAgo(101) } as const
  await addSubscriber(db, 'ada@example.org', left)
  await subscribe(services, { typed: 'ada@example.org', origin: '192.0.2.1' })
  expect(await deleteExpired(services)).toMatchObject({ readers: 0 })
  const [{ id, confirmNonce }] = (await db.select().from(subscribers)) as [typeof subscribers.$inferSelect]
  const token = mintToken(services.keys, 'confirm', id, NOON, confirmNonce!)
  // The request is so old that it does not count.
  await db.update(subscribers).set({ requestedAt: daysAgo(31) })
  const deleting = await db.transaction(async (tx) => {
    await confirm({ ...services, db: tx }, token)
    const waiting = deleteExpired(services)
    await someoneWaits(db)
    return { waiting }
  })
  expect(await deleting.waiting).toMatchObject({ readers: 0 })
  expect((await db.select().from(subscribers))[0]).toMatchObject({ email: 'ada@example.org', status: 'active' })
})

test('a reader who came back and then bounced or complained is kept as long as others', async ({ db }) => {
  const services = servicesOn(db, { LEFT_READER_DAYS: '100' })
  // They unsubscribed long ago and confirmed again since.
  const back = { leftAt: daysAgo(300), confirmedAt: daysAgo(200), firstConfirmedAt: daysAgo(400) }
  const lately = { ...back, nextDigestAt: null, updatedAt: daysAgo(1) }
  await addSubscriber(db, 'bounced@example.org', { ...lately, status: 'bounced' })
  await addSubscriber(db, 'complained@example.org', { ...lately, status: 'complained' })
  expect(await deleteExpired(services)).toMatchObject({ readers: 0 })
  await db.update(subscribers).set({ updatedAt: daysAgo(101) })
  expect(await deleteExpired(services)).toMatchObject({ readers: 2 })
})

test('an address that was never confirmed is erased after thirty days, whatever became of the sign-up', async ({
  db,
}) => {
  const services = servicesOn(db)
  const at = (days: number) => ({ requestedAt: daysAgo(days), updatedAt: daysAgo(days), nextDigestAt: null })
  for (const days of [29, 31]) {
    await addSubscriber(db, `bounced-${days}@example.org`, { ...at(days), status: 'bounced' })
    await addSubscriber(db, `left-${days}@example.org`, { ...at(days), status: 'unsubscribed', leftAt: daysAgo(days) })
  }
  // An imported opt-out is no sign-up: it is kept against other lists.
  const imported = { importedBy: 'the operator', importedAt: daysAgo(31) }
  await addSubscriber(db, 'imported@example.org', { ...at(31), ...imported, status: 'unsubscribed' })
  expect(await deleteExpired(services)).toMatchObject({ readers: 2 })
  const left = await db.select({ email: subscribers.email }).from(subscribers)
  expect(left.flatMap(({ email }) => email ?? []).sort()).toEqual([
    'bounced-29@example.org',
    'imported@example.org',
    'left-29@example.org',
  ])
})

test('deletes the rate of an idle slowed-down domain, but not a configured rate', async ({ db }) => {
  await db.execute(sql`
    INSERT INTO buckets (name, rate, ceiling, slowed_at) VALUES
      ('domain idle.example', 1, NULL, now() - interval '8 days'), ('domain slow.example', 1, NULL, now() - interval '6 days'),
      ('domain set.example', 1, 2, now() - interval '8 days'), ('all', 5, 5, NULL)`)
  await deleteIdleBuckets(db)
  const { rows } = await db.execute<{ name: string }>(sql`SELECT name FROM buckets ORDER BY name`)
  expect(rows.map(({ name }) => name)).toEqual(['all', 'domain set.example', 'domain slow.example'])
})

test('the nightly job deletes every kind of old data', async ({ db }) => {
  const services = servicesOn(db)
  await db.execute(sql`
    INSERT INTO inbound_events (received_at, source, class, reason, did, fingerprint, evidence)
    VALUES (${daysAgo(900)}, 'command', 'hard', 'test', 'nothing', '\\x00', '')`)
  await db.execute(sql`INSERT INTO audit_log (at, who, what, about) VALUES (${daysAgo(900)}, 'a', 'b', 'c')`)
  await db.execute(sql`
    INSERT INTO buckets (name, rate, slowed_at) VALUES ('domain idle.example', 1, now() - interval '8 days')`)
  await db.execute(sql`INSERT INTO polls (source, list_day, read_at) VALUES ('hf', '2024-01-01', ${daysAgo(900)})`)
  await addSubscriber(db, 'left@example.org', { status: 'unsubscribed', leftAt: daysAgo(900), nextDigestAt: null })
  await deleteExpiredJob(services)
  const left = await db.execute<Record<string, string>>(sql`
    SELECT (SELECT count(*) FROM inbound_events) AS events, (SELECT count(*) FROM audit_log) AS audit,
      (SELECT count(*) FROM buckets WHERE name LIKE 'domain%') AS buckets, (SELECT count(*) FROM polls) AS polls,
      (SELECT count(*) FROM subscribers WHERE email IS NOT NULL) AS readers`)
  expect(left.rows).toEqual([{ events: '0', audit: '0', buckets: '0', polls: '0', readers: '0' }])
})

test('drops a ledger partition only when all its rows are old and settled', async ({ db }) => {
  const services = servicesOn(db, { DELIVERY_DAYS: '60' })
  const edition = (date: string, state: 'sent' | 'sending', closesAt: Date) => ({
    kind: 'daily' as const,
    date,
    state,
    closesAt,
    releaseAt: closesAt,
    assembledAt: closesAt,
    messageKey: Buffer.from(date),
  })
  const day = (n: number) => new Date(Date.UTC(2025, 10, 1) + n * 86_400_000)
  const made = await db
    .insert(editions)
    .values(
      Array.from({ length: 100 }, (_, n) =>
        edition(day(n).toISOString().slice(0, 10), n === 40 ? 'sending' : 'sent', day(n)),
      ),
    )
    .returning({ id: editions.id })
  for (const { id } of made) {
    await db.execute(sql`SELECT ensure_delivery_partition(${id})`)
    await db
      .insert(deliveries)
      .values({ editionId: id, subscriberId: 1, batchId: 1, state: 'accepted', expiresAt: NOON })
  }
  // Editions 1–31 closed by 1 December; 32–63 hold one that is still sending; 64–95 closed until 4 February, 70 days ago; 96–100 is open.
  expect((await dropOldDeliveries(services)).sort()).toEqual(['deliveries_0', 'deliveries_64'])
  await db.execute(sql`UPDATE editions SET state = 'cancelled' WHERE state = 'sending'`)
  // An old list that a person released lately.
  const at = sql`FROM (SELECT id FROM editions ORDER BY id OFFSET 45 LIMIT 1) AS late WHERE e.id = late.id`
  await db.execute(sql`UPDATE editions e SET by_hand = true, released_at = ${daysAgo(5)} ${at}`)
  expect(await dropOldDeliveries(services)).toEqual([])
  await db.execute(sql`UPDATE editions e SET released_at = ${daysAgo(61)} ${at}`)
  expect(await dropOldDeliveries({ ...services, now: () => daysAgo(120) })).toEqual([])
  expect(await dropOldDeliveries(services)).toEqual(['deliveries_32'])
  expect(await db.$count(deliveries)).toBe(5)
  expect(await dropOldDeliveries(services)).toEqual([])
})

test('leaves a partition in use for the next run, without waiting', async ({ db }) => {
  const services = servicesOn(db, { DELIVERY_DAYS: '60' })
  await db.execute(sql`
    INSERT INTO editions (kind, date, state, closes_at, release_at, assembled_at, message_key)
    SELECT 'daily', '2025-01-01'::date + n, 'sent', '2025-01-01', '2025-01-01', '2025-01-01', '\\x00' FROM generate_series(1, 40) AS n`)
  await db.execute(sql`SELECT ensure_delivery_partition(1)`)
  await db.transaction(async (tx) => {
    await tx.execute(sql`SELECT count(*) FROM deliveries`)
    expect(await dropOldDeliveries(services)).toEqual([])
  })
  expect(await dropOldDeliveries(services)).toEqual(['deliveries_0'])
})

test('the privacy page and docs/operations.md list the configured retention periods', async ({ site }) => {
  const config = testConfig({ LEFT_READER_DAYS: '77', DELIVERY_DAYS: '88' })
  const { app } = siteOn({
    ...site.services,
    config: { ...site.services.config, ...config, DATABASE_URL: site.services.config.DATABASE_URL },
  })
  const page = await app.inject('/privacy')
  expect(page.statusCode).toBe(200)
  expect(page.body).toContain('77 days')
  expect(page.body).toContain('88 days')
  expect(page.body).toContain('papers@paperboy.example')
  expect(page.body).toContain('We don’t count who follows them')
  expect((await app.inject({ url: '/privacy', headers: { 'accept-language': 'de' } })).body).toContain('77 Tage')
  await app.close()

  const operations = readFileSync(new URL('../../docs/operations.md', import.meta.url), 'utf8')
  const table = operations.slice(operations.indexOf('## Data retention'))
  for (const { what, days, setting } of retentionPeriods(testConfig())) {
    const said =
      days === undefined ? /as long as|until/ : new RegExp(`\\b${days} days?\\b${setting ? `.*\`${setting}\`` : ''}`)
    const row = table.split('\n').find((line) => line.includes(`<!-- ${what} -->`))
    expect({ what, row }).toEqual({ what, row: expect.stringMatching(said) })
  }
})
