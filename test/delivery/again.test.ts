import { eq, sql } from 'drizzle-orm'
import { expect } from 'vitest'
import { dueBatches, leaseBatch } from '../../src/delivery/ledger/batches.ts'
import { NO_MORE_RESENDS } from '../../src/delivery/ledger/conditions.ts'
import { progressOf } from '../../src/delivery/ledger/progress.ts'
import { readerDeliveries } from '../../src/delivery/ledger/reader-deliveries.ts'
import { recordOutcomes } from '../../src/delivery/ledger/record-outcomes.ts'
import { settleEditions } from '../../src/delivery/ledger/settle-editions.ts'
import { planAll } from '../../src/delivery/plan/plan-all.ts'
import { deliverBatch } from '../../src/delivery/send/deliver-batch.ts'
import { sendAgain } from '../../src/delivery/send/send-again.ts'
import { cancel } from '../../src/edition/draft/control.ts'
import { describeStatus, readStatus } from '../../src/operate/status.ts'
import { batches, deliveries, editions, subscribers } from '../../src/runtime/db/schema.ts'
import { someoneWaits, test } from '../support/database.ts'
import { NEVER, sinkThat, workerOn } from '../support/sending.ts'
import { addReaders, releasedEdition, servicesOn } from '../support/services.ts'
import { type Sink, smtpReply } from '../support/sink.ts'

const KEY = { kind: 'daily' as const, date: '2026-04-14' }

async function workAll(services: ReturnType<typeof servicesOn>, sink: Sink) {
  const context = workerOn(services, `${sink.url}?name=main`)
  for (const { batchId } of await dueBatches(services.db, services.now())) {
    await deliverBatch(context, batchId, NEVER)
  }
}

test('sends the chosen deliveries again, to readers who may be emailed, under the same Message-ID', async ({ db }) => {
  const services = servicesOn(db, { UNKNOWN_POLICY: 'hold' })
  let refusing = true
  const asked = new Map<string, number>()
  const sink = await sinkThat({
    recipient: (to) => {
      asked.set(to, (asked.get(to) ?? 0) + 1)
      return refusing && /reader-[12]@/.test(to) ? smtpReply(550, '5.0.0 no') : undefined
    },
  })
  await addReaders(db, 6)
  const editionId = await releasedEdition(services)
  await planAll(services, editionId)
  await workAll(services, sink)
  const ids = await db.select({ id: subscribers.id }).from(subscribers).orderBy(subscribers.id)
  await db.update(deliveries).set({ state: 'unknown' }).where(eq(deliveries.subscriberId, ids[2]!.id))
  await db.update(deliveries).set({ state: 'expired' }).where(eq(deliveries.subscriberId, ids[3]!.id))
  await db.update(subscribers).set({ status: 'unsubscribed' }).where(eq(subscribers.id, ids[1]!.id))
  expect(await settleEditions(services)).toEqual([editionId])
  const ask = { only: ['refused', 'unknown'] as const }
  expect(await sendAgain(services, KEY, { ...ask, dryRun: true })).toEqual({ refused: 1, unknown: 1 })
  expect(await db.$count(batches, sql`state <> 'done'`), 'asking changes nothing').toBe(0)
  refusing = false
  expect(await sendAgain(services, KEY, { ...ask, dryRun: false })).toEqual({ refused: 1, unknown: 1 })
  expect((await db.select().from(editions))[0]!.state).toBe('sending')
  await workAll(services, sink)
  expect(Object.fromEntries(asked)).toEqual({
    'reader-1@example.org': 2,
    'reader-2@example.org': 1,
    'reader-3@example.org': 2,
    'reader-4@example.org': 1,
    'reader-5@example.org': 1,
    'reader-6@example.org': 1,
  })
  const repeated = sink.taken.filter((one) => one.to === 'reader-3@example.org').map((one) => one.messageId)
  expect(repeated).toHaveLength(2)
  expect(new Set(repeated).size).toBe(1)
  expect(await settleEditions(services)).toEqual([editionId])
  const [one] = await readerDeliveries(services, 'READER-3@example.org')
  expect(one).toMatchObject({ state: 'accepted', relay: 'main', messageId: repeated[0] })
  expect(one!.reply).toMatch(/^250 /)
  expect(await readerDeliveries(services, 'rené@example.org'), 'an address beyond ASCII is no error').toEqual([])
})

test.for(['hold', 'resend'] as const)(
  'one that may have arrived is remembered as such under %s, and stays due when its next attempt never began',
  async (UNKNOWN_POLICY, { db }) => {
    const services = servicesOn(db, { UNKNOWN_POLICY })
    await addReaders(db, 1)
    const editionId = await releasedEdition(services)
    await planAll(services, editionId)
    await db
      .update(deliveries)
      .set({ state: 'unknown', attempts: 1, handedAt: services.now(), crashes: NO_MORE_RESENDS })
    await db.update(batches).set({ state: 'done' })
    await db.update(editions).set({ state: 'sending' })
    await sendAgain(services, KEY, { only: ['unknown'], dryRun: false })
    const [again] = await dueBatches(db, services.now())
    const lease = (await leaseBatch(db, again!.batchId, services.now()))!
    await db.update(deliveries).set({ state: 'handed', attempts: 2 })
    const { subscriberId } = (await db.select().from(deliveries))[0]!
    const outcome = { state: 'queued' as const, reply: 'sending stopped' }
    await recordOutcomes(db, lease, [{ subscriberId, attempt: 2, outcome }], {
      at: services.now(),
      policy: UNKNOWN_POLICY,
    })
    const [row] = await db.select().from(deliveries)
    expect(row!.crashes + row!.cuts).toBe(1)
    expect((await progressOf(services, editionId)).open).toBe(1)
  },
)

test('an edition that another person cancels at the same moment stays cancelled', async ({ db }) => {
  const services = servicesOn(db)
  await addReaders(db, 1)
  await planAll(services, await releasedEdition(services))
  await db.update(deliveries).set({ state: 'refused' })
  await db.update(batches).set({ state: 'done' })
  await db.update(editions).set({ state: 'sending' })
  let again: Promise<unknown> | undefined
  await db.transaction(async (tx) => {
    await cancel({ ...services, db: tx }, KEY)
    again = sendAgain(services, KEY, { only: ['refused'], dryRun: false }).catch((error: unknown) => error)
    await someoneWaits(db)
  })
  expect(await again).toMatchObject({ code: 'EDITION_STATE' })
  expect((await db.select().from(editions))[0]!.state).toBe('cancelled')
  expect((await db.select().from(deliveries))[0]!.state).toBe('refused')
})

test('readers who cannot be emailed, or moved to another schedule, are neither counted nor sent again, and keep the relay’s reply', async ({
  db,
}) => {
  const services = servicesOn(db)
  const sink = await sinkThat({
    recipient: (to) => {
      if (to.startsWith('reader-1@')) return smtpReply(550, '5.1.1 no such user')
      return /reader-[234]@/.test(to) ? smtpReply(550, '5.0.0 no') : undefined
    },
  })
  await addReaders(db, 4)
  await planAll(services, await releasedEdition(services))
  await workAll(services, sink)
  await settleEditions(services)
  await db
    .update(subscribers)
    .set({ pausedUntil: new Date('2099-01-01') })
    .where(eq(subscribers.emailKey, 'reader-2@example.org'))
  await db.update(subscribers).set({ cadence: 'weekly' }).where(eq(subscribers.emailKey, 'reader-4@example.org'))
  expect(await sendAgain(services, KEY, { only: ['refused'], dryRun: true })).toEqual({ refused: 1 })
  expect(await sendAgain(services, KEY, { only: ['refused'], dryRun: false })).toEqual({ refused: 1 })
  // The marking statement skips readers who unsubscribe in between.
  await db.update(subscribers).set({ status: 'unsubscribed' }).where(eq(subscribers.emailKey, 'reader-3@example.org'))
  await workAll(services, sink)
  const rows = await db.select().from(deliveries).orderBy(deliveries.subscriberId)
  expect(rows.map(({ state, reply }) => `${state}: ${reply}`)).toEqual([
    'refused: 550 5.1.1 no such user',
    'refused: 550 5.0.0 no',
    'skipped: unsubscribed; before: 550 5.0.0 no',
    'refused: 550 5.0.0 no',
  ])
})

test('status shows an edition being sent: relays, slow domains, plan, reason of a pause', async ({ db }) => {
  const services = servicesOn(db, { SEND_RATE_PER_SECOND: '50' })
  const sink = await sinkThat({
    recipient: (to) => (to.startsWith('reader-1@') ? smtpReply(450, '4.2.0 later') : undefined),
  })
  await addReaders(db, 5)
  await planAll(services, await releasedEdition(services))
  await workAll(services, sink)
  await db.update(editions).set({ state: 'paused', pausedWhy: '30 of 100 mails were refused' })
  const words = describeStatus(await readStatus(services), services.now())
  expect(words).toContain('relay main: 4 accepted, 1 deferred')
  expect(words).toContain('domain example.org: 1 deferred')
  expect(words).toContain('1 email at')
  expect(words).toContain('paused automatically: 30 of 100 mails were refused')
  expect(words).toMatch(/█{24}░{6} 80 %/)
})

test('a large plan runs ANALYZE, so that queries are not planned for an empty table', async ({ db }) => {
  const services = servicesOn(db)
  await db.execute(sql`
    INSERT INTO subscribers (email, email_key, address_hash, status, next_digest_at)
    SELECT 'r' || n || '@example.org', 'r' || n || '@example.org', sha256(n::text::bytea), 'active', now() FROM generate_series(1, 10000) AS n`)
  await planAll(services, await releasedEdition(services))
  const { rows } = await db.execute<{ reltuples: number }>(
    sql`SELECT reltuples FROM pg_class WHERE relname LIKE 'deliveries_%' AND relkind = 'r'`,
  )
  expect(rows.map((row) => row.reltuples)).toEqual([10_000])
})
