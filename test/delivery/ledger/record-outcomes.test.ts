import { eq, sql } from 'drizzle-orm'
import { expect } from 'vitest'
import { leaseBatch } from '../../../src/delivery/ledger/batches.ts'
import { recordOutcomes } from '../../../src/delivery/ledger/record-outcomes.ts'
import { openRepeats } from '../../../src/delivery/ledger/repeats.ts'
import { startAttempts } from '../../../src/delivery/ledger/start-attempts.ts'
import { planAll } from '../../../src/delivery/plan/plan-all.ts'
import { retryRecording } from '../../../src/relay/retry-recording.ts'
import type { Db } from '../../../src/runtime/db/database.ts'
import { deliveries, subscribers } from '../../../src/runtime/db/schema.ts'
import { someoneWaits, test, waitingStatements } from '../../support/database.ts'
import { addSubscriber, releasedEdition, servicesOn } from '../../support/services.ts'

/** Plans an edition for these readers and leases its batch. */
async function leaseFor(db: Db, ...emails: string[]) {
  const services = servicesOn(db)
  const readers: number[] = []
  for (const email of emails) readers.push(await addSubscriber(db, email))
  const editionId = await releasedEdition(services)
  const { batchIds } = await planAll(services, editionId)
  const lease = (await leaseBatch(db, batchIds[0]!, services.now()))!
  const { releases } = await openRepeats(services, editionId)()
  return { services, readers, lease, releases }
}

test('rule 2: a late outcome is recorded for its own attempt, never for a later one', async ({ db }) => {
  const { services, readers, lease } = await leaseFor(db, 'ada@example.org')
  const subscriberId = readers[0]!
  await db.update(deliveries).set({ state: 'handed', attempts: 2, crashes: 1 })
  const late = { subscriberId, attempt: 1, outcome: { state: 'refused' as const, reply: '550 5.1.1 late' } }
  await recordOutcomes(db, lease, [late], { at: services.now(), policy: 'resend' })
  expect((await db.select().from(deliveries))[0]).toMatchObject({ state: 'handed', reply: null })
  await recordOutcomes(db, lease, [{ ...late, attempt: 2 }], { at: services.now(), policy: 'resend' })
  expect((await db.select().from(deliveries))[0]).toMatchObject({ state: 'refused', reply: '550 5.1.1 late' })
})

test('rule 2: the statement that marks records accepted attempts, never later ones, and also when it marks none', async ({
  db,
}) => {
  const { services, readers, lease, releases } = await leaseFor(db, 'ada@example.org', 'bob@example.org')
  const [sent, next] = readers as [number, number]
  const row = async () => (await db.select().from(deliveries).where(eq(deliveries.subscriberId, sent)))[0]
  const mark = (attempt: number, held = lease.lease) =>
    startAttempts(db, { ...lease, lease: held }, [{ subscriberId: next, chosen: { shown: [0], own: 0 } }], {
      ...{ releases, policy: 'resend', at: services.now() },
      accepted: [{ subscriberId: sent, attempt, outcome: { state: 'accepted', reply: '250 ok', relay: 'a' } }],
    })
  await db.update(deliveries).set({ state: 'handed', attempts: 2 }).where(eq(deliveries.subscriberId, sent))
  expect(await mark(1)).toHaveLength(1)
  expect(await row()).toMatchObject({ state: 'handed', reply: null })
  // Another worker has the batch since, and has made it unknown.
  await db.update(deliveries).set({ state: 'unknown' }).where(eq(deliveries.subscriberId, sent))
  expect(await mark(2, '00000000-0000-4000-8000-000000000000')).toEqual([])
  expect(await row()).toMatchObject({ state: 'accepted', reply: '250 ok', relay: 'a', settledAt: services.now() })
})

test('the statement that marks locks the batch before the deliveries that it records, as a lease does: no deadlock', async ({
  db,
}) => {
  const { services, readers, lease, releases } = await leaseFor(db, 'ada@example.org')
  const subscriberId = readers[0]!
  await db.update(deliveries).set({ state: 'handed', attempts: 1 })
  let marking: Promise<unknown> | undefined
  await db.transaction(async (tx) => {
    await tx.execute(sql`SELECT FROM batches WHERE id = ${lease.batchId} FOR UPDATE`)
    marking = startAttempts(db, lease, [{ subscriberId, chosen: { shown: [0], own: 0 } }], {
      ...{ releases, policy: 'resend', at: services.now() },
      accepted: [{ subscriberId, attempt: 1, outcome: { state: 'accepted', reply: '250 ok' } }],
    })
    await someoneWaits(db)
    await tx.execute(sql`SELECT FROM deliveries FOR UPDATE NOWAIT`)
  })
  await marking
  expect((await db.select().from(deliveries))[0]).toMatchObject({ state: 'accepted' })
})

test('rule 3: the statement that marks waits for no delivery, in which time readers could unsubscribe', async ({
  db,
}) => {
  const { services, readers, lease, releases } = await leaseFor(db, 'ada@example.org', 'bob@example.org')
  const [locked, other] = readers as [number, number]
  const group = [locked, other].map((subscriberId) => ({ subscriberId, chosen: { shown: [0], own: 0 } }))
  const mark = async () => {
    const started = await startAttempts(db, lease, group, { releases, policy: 'resend', at: services.now() })
    return started.map(({ subscriberId }) => subscriberId)
  }
  let marking: Promise<number[]> | undefined
  await db.transaction(async (tx) => {
    await tx.execute(sql`SELECT FROM deliveries WHERE subscriber_id = ${locked} FOR UPDATE`)
    marking = mark()
    let ended = false
    void marking.finally(() => {
      ended = true
    })
    await expect.poll(async () => ended || (await waitingStatements(db)) > 0, { timeout: 10_000 }).toBe(true)
  })
  expect(await marking).toEqual([other])
  await db.update(subscribers).set({ status: 'unsubscribed' }).where(eq(subscribers.id, locked))
  expect(await mark()).toEqual([])
  expect(await db.$count(deliveries, eq(deliveries.state, 'skipped'))).toBe(1)
})

test('rule 2: recording is retried until the database accepts it', async ({ db }) => {
  const { services, readers, lease } = await leaseFor(db, 'ada@example.org')
  const subscriberId = readers[0]!
  await db.update(deliveries).set({ state: 'handed', attempts: 1 })
  await db.execute(sql`
    CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'no space left on device'; END $$`)
  await db.execute(sql`CREATE TRIGGER full_disk BEFORE UPDATE ON deliveries FOR EACH ROW EXECUTE FUNCTION full_disk()`)
  const outcome = { subscriberId, attempt: 1, outcome: { state: 'accepted' as const, reply: '250 ok' } }
  let attempts = 0
  await retryRecording(services, async () => {
    if (++attempts === 3) await db.execute(sql`DROP TRIGGER full_disk ON deliveries`)
    await recordOutcomes(db, lease, [outcome], { at: services.now(), policy: 'resend' })
  })
  expect(attempts).toBe(3)
  const [row] = await db.select().from(deliveries).where(eq(deliveries.subscriberId, subscriberId))
  expect(row).toMatchObject({ state: 'accepted', reply: '250 ok' })
})
