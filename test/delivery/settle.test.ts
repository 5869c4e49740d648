import { eq, inArray, sql } from 'drizzle-orm'
import { describe, expect } from 'vitest'
import { dueBatches, leaseBatch } from '../../src/delivery/ledger/batches.ts'
import { countLive } from '../../src/delivery/ledger/delivery-report.ts'
import { describeProgress, progressOf } from '../../src/delivery/ledger/progress.ts'
import { recordOutcomes } from '../../src/delivery/ledger/record-outcomes.ts'
import { settleEditions } from '../../src/delivery/ledger/settle-editions.ts'
import { planFirstDigest } from '../../src/delivery/plan/first-digest.ts'
import { planAll } from '../../src/delivery/plan/plan-all.ts'
import { planDue } from '../../src/delivery/plan/plan-due.ts'
import { deliverBatch } from '../../src/delivery/send/deliver-batch.ts'
import type { DeliveryContext } from '../../src/delivery/send/delivery-context.ts'
import { cancel, pause, resume } from '../../src/edition/draft/control.ts'
import type { Db } from '../../src/runtime/db/database.ts'
import { batches, deliveries, editions, subscribers } from '../../src/runtime/db/schema.ts'
import type { Services } from '../../src/runtime/services.ts'
import { someoneWaits, test } from '../support/database.ts'
import { NEVER, sinkThat, workerOn } from '../support/sending.ts'
import { addReaders, addSubscriber, NOON, releasedEdition, servicesOn } from '../support/services.ts'
import { smtpReply } from '../support/sink.ts'

/**
 * Rule 5: an edition is `sent` only when no delivery is queued, handed, deferred, or unknown with a resend to come, and the
 * counts always add up to the audience.
 */

const KEY = { kind: 'daily' as const, date: '2026-04-14' }

/** Sends every batch that is due at `at`, until the sweeper finds none. */
async function workAll(worker: DeliveryContext): Promise<void> {
  for (let due = await dueBatches(worker.db, worker.now()); due.length > 0; ) {
    for (const { batchId } of due) await deliverBatch(worker, batchId, NEVER)
    due = await dueBatches(worker.db, worker.now())
  }
}

const stateOf = async (db: Db) => (await db.select().from(editions).where(eq(editions.date, KEY.date)))[0]!.state
const leaseEnds = (db: Db) => db.execute(sql`UPDATE batches SET lease_until = now() - interval '1 second'`)

/** Returns whether the edition becomes sent, and checks that the counts add up. */
async function isSent(services: Services, editionId: number, audience: number): Promise<boolean> {
  const progress = await progressOf(services, editionId)
  const sum = Object.values(progress.states).reduce((total, count) => total + count, 0)
  expect([progress.total, sum]).toEqual([audience, audience])
  const settled = await settleEditions(services)
  return settled.includes(editionId)
}

describe('while any row is open, the edition is not sent', () => {
  test('queued', async ({ db }) => {
    const services = servicesOn(db)
    const editionId = await releasedEdition(services)
    await addReaders(db, 3)
    await planAll(services, editionId)
    expect(await isSent(services, editionId, 3)).toBe(false)
    expect(await stateOf(db)).toBe('sending')
  })

  test('handed: checked while the relay has each message', async ({ db }) => {
    const services = servicesOn(db)
    const editionId = await releasedEdition(services)
    const seen: boolean[] = []
    const sink = await sinkThat({
      data: async () => void seen.push(await isSent(services, editionId, 5)),
    })
    await addReaders(db, 5)
    await planAll(services, editionId)
    await workAll(workerOn(services, sink.url))
    expect(seen).toEqual([false, false, false, false, false])
    expect(await isSent(services, editionId, 5)).toBe(true)
  })

  test('deferred by the receiver, until it is accepted', async ({ db }) => {
    const clock = { now: NOON }
    const services = servicesOn(db, {}, clock)
    const editionId = await releasedEdition(services)
    let greylisting = true
    const sink = await sinkThat({
      recipient: (to) => (greylisting && to === 'reader-1@example.org' ? smtpReply(450, '4.2.0 later') : undefined),
    })
    await addReaders(db, 3)
    await planAll(services, editionId)
    const worker = workerOn(services, sink.url)
    await workAll(worker)
    expect(await isSent(services, editionId, 3)).toBe(false)
    greylisting = false
    clock.now = new Date(NOON.getTime() + 3_600_000)
    await workAll(worker)
    expect(await isSent(services, editionId, 3)).toBe(true)
    expect(describeProgress(await progressOf(services, editionId))).toBe('3 accepted')
  })

  test('deferred by a relay that is down', async ({ db }) => {
    const services = servicesOn(db)
    const editionId = await releasedEdition(services)
    await addReaders(db, 3)
    await planAll(services, editionId)
    await workAll(workerOn(services, 'smtp://127.0.0.1:9'))
    expect(await isSent(services, editionId, 3)).toBe(false)
  })

  test('handed by a worker that died, then unknown with a resend to come', async ({ db }) => {
    const services = servicesOn(db)
    const editionId = await releasedEdition(services)
    await addReaders(db, 1)
    const { batchIds } = await planAll(services, editionId)
    await leaseBatch(db, batchIds[0]!, NOON)
    await db.update(deliveries).set({ state: 'handed', attempts: 1 })
    await leaseEnds(db)
    expect(await isSent(services, editionId, 1), 'handed').toBe(false)
    await leaseBatch(db, batchIds[0]!, NOON) // makes it unknown, and dies as well
    await leaseEnds(db)
    expect((await progressOf(services, editionId)).states).toEqual({ unknown: 1 })
    expect(await isSent(services, editionId, 1), 'unknown').toBe(false)
    const sink = await sinkThat()
    await workAll(workerOn(services, sink.url))
    expect(sink.taken).toHaveLength(1)
    expect(await isSent(services, editionId, 1), 'resent').toBe(true)
  })

  test('deferred into a batch that another worker has ended: it is reopened', async ({ db }) => {
    const clock = { now: NOON }
    const services = servicesOn(db, {}, clock)
    const editionId = await releasedEdition(services)
    const deferred = new Set<string>()
    const sink = await sinkThat({
      recipient: (to) => {
        if (deferred.has(to)) return undefined
        deferred.add(to)
        return smtpReply(450, '4.2.0 greylisted')
      },
    })
    const [first, slow] = [await addSubscriber(db, 'first@example.org'), await addSubscriber(db, 'slow@example.org')]
    const { batchIds } = await planAll(services, editionId)
    const worker = workerOn(services, sink.url)
    const other = workerOn(services, sink.url)
    const stateIn = async (id: number) =>
      (await db.select().from(deliveries).where(eq(deliveries.subscriberId, id)))[0]!.state
    const slowly: DeliveryContext = {
      ...worker,
      relay: {
        ...worker.relay,
        /** The second reader's relay is so slow that the first one's retry ends before it. */
        async send(envelope, message) {
          if (envelope.to === 'slow@example.org') {
            await expect.poll(() => stateIn(first)).toBe('deferred')
            clock.now = new Date(NOON.getTime() + 600_000)
            await workAll(other)
            expect(await stateIn(first)).toBe('accepted')
          }
          return worker.relay.send(envelope, message)
        },
      },
    }
    await deliverBatch(slowly, batchIds[0]!, NEVER)
    expect(await stateIn(slow)).toBe('deferred')
    expect(await isSent(services, editionId, 2)).toBe(false)
    clock.now = new Date(NOON.getTime() + 3_600_000)
    await workAll(other)
    expect(sink.taken.map((one) => one.to)).toEqual(['first@example.org', 'slow@example.org'])
    expect(await isSent(services, editionId, 2)).toBe(true)
  })

  for (const state of ['queued', 'handed', 'deferred', 'unknown'] as const) {
    test(`${state} in a batch that ended: the ledger decides, and the batch is reopened`, async ({ db }) => {
      const services = servicesOn(db)
      const editionId = await releasedEdition(services)
      const sink = await sinkThat()
      await addReaders(db, 2)
      await planAll(services, editionId)
      const [one, two] = await db.select().from(deliveries).orderBy(deliveries.subscriberId)
      await db.update(deliveries).set({ state: 'accepted' }).where(eq(deliveries.subscriberId, one!.subscriberId))
      await db.update(deliveries).set({ state }).where(eq(deliveries.subscriberId, two!.subscriberId))
      await db.update(batches).set({ state: 'done', attempts: 1 })
      expect(await isSent(services, editionId, 2)).toBe(false)
      expect(await stateOf(db)).toBe('sending')
      await workAll(workerOn(services, sink.url))
      expect(sink.taken.map((each) => each.to)).toEqual(['reader-2@example.org'])
      expect(await isSent(services, editionId, 2)).toBe(true)
    })
  }

  test('deferred by the late outcome of a worker that lost its lease, after the edition was sent', async ({ db }) => {
    const clock = { now: NOON }
    const services = servicesOn(db, { UNKNOWN_POLICY: 'hold' }, clock)
    const editionId = await releasedEdition(services)
    const subscriberId = await addSubscriber(db, 'ada@example.org')
    const { batchIds } = await planAll(services, editionId)
    const lease = (await leaseBatch(db, batchIds[0]!, NOON))!
    await db.update(deliveries).set({ state: 'handed', attempts: 1 })
    await leaseEnds(db)
    const sink = await sinkThat()
    const other = workerOn(services, sink.url)
    await workAll(other)
    expect(await isSent(services, editionId, 1), 'unknown, and held').toBe(true)
    const outcome = { state: 'deferred' as const, reply: '450 4.2.0 later' }
    await recordOutcomes(db, lease, [{ subscriberId, attempt: 1, outcome }], { at: NOON, policy: 'resend' })
    expect((await db.select().from(editions))[0]).toMatchObject({ state: 'sending', sentAt: null })
    expect(await isSent(services, editionId, 1)).toBe(false)
    clock.now = new Date(NOON.getTime() + 3_600_000)
    await workAll(other)
    expect(sink.taken.map(({ to }) => to)).toEqual(['ada@example.org'])
    expect(await isSent(services, editionId, 1)).toBe(true)
  })

  test('deferred by a late outcome that is recorded while the edition becomes sent', async ({ db }) => {
    const services = servicesOn(db, { UNKNOWN_POLICY: 'hold' })
    const editionId = await releasedEdition(services)
    const subscriberId = await addSubscriber(db, 'ada@example.org')
    const { batchIds } = await planAll(services, editionId)
    const lease = (await leaseBatch(db, batchIds[0]!, NOON))!
    await db.update(deliveries).set({ state: 'handed', attempts: 1 })
    await leaseEnds(db)
    await workAll(workerOn(services, (await sinkThat()).url))
    const outcome = { state: 'deferred' as const, reply: '450 4.2.0 later' }
    const { recording, settling } = await db.transaction(async (tx) => {
      await tx.execute(sql`SELECT FROM deliveries FOR UPDATE`)
      const recording = recordOutcomes(db, lease, [{ subscriberId, attempt: 1, outcome }], {
        at: NOON,
        policy: 'resend',
      })
      await someoneWaits(db) // it has seen that the edition is not sent
      const settling = settleEditions(services)
      await Promise.race([settling, someoneWaits(db, 2)])
      return { recording, settling }
    })
    await Promise.all([recording, settling])
    expect((await progressOf(services, editionId)).states).toEqual({ deferred: 1 })
    expect(await stateOf(db)).toBe('sending')
  })

  test('planned for a reader who confirms while the edition becomes sent', async ({ db }) => {
    const services = servicesOn(db)
    const editionId = await releasedEdition(services)
    await addSubscriber(db, 'ada@example.org')
    await planAll(services, editionId)
    await workAll(workerOn(services, (await sinkThat()).url))
    const { settling, planning } = await db.transaction(async (tx) => {
      await tx.execute(sql`SELECT FROM editions WHERE id = ${editionId} FOR SHARE`)
      const settling = settleEditions(services)
      await someoneWaits(db)
      const id = await addSubscriber(db, 'eve@example.org', { status: 'pending', nextDigestAt: null })
      const planning = db.transaction(async (confirming) => {
        await confirming.update(subscribers).set({ status: 'active', nextDigestAt: NOON }).where(eq(subscribers.id, id))
        await planFirstDigest({ ...services, db: confirming }, { id, cadence: 'daily' })
      })
      await someoneWaits(db, 2)
      return { settling, planning }
    })
    expect(await settling).toEqual([editionId])
    await planning
    expect((await progressOf(services, editionId)).states).toEqual({ accepted: 1, queued: 1 })
    expect(await stateOf(db)).toBe('sending')
  })

  test('"send to all" that is not fully planned', async ({ db }) => {
    const services = servicesOn(db)
    const editionId = await releasedEdition(services)
    const sink = await sinkThat()
    await addReaders(db, 2)
    await planAll(services, editionId)
    await db.update(editions).set({ sendAllAt: NOON, plannedAt: null })
    await workAll(workerOn(services, sink.url))
    expect(await isSent(services, editionId, 2)).toBe(false)
    await planAll(services, editionId)
    expect(await isSent(services, editionId, 2)).toBe(true)
  })
})

test('every final outcome ends an edition, and the summary counts them all', async ({ db }) => {
  const services = servicesOn(db, { UNKNOWN_POLICY: 'hold' })
  const editionId = await releasedEdition(services)
  const sink = await sinkThat({
    recipient: (to) => (to === 'reader-1@example.org' ? smtpReply(550, '5.1.1 unknown') : undefined),
  })
  await addReaders(db, 9)
  const { batchIds } = await planAll(services, editionId)
  await db.update(subscribers).set({ status: 'unsubscribed' }).where(eq(subscribers.email, 'reader-2@example.org'))
  const ids = await db.select({ id: subscribers.id }).from(subscribers).orderBy(subscribers.id)
  const those = (...places: number[]) =>
    inArray(
      deliveries.subscriberId,
      places.map((place) => ids[place - 1]!.id),
    )
  await db.update(deliveries).set({ expiresAt: NOON }).where(those(3))
  await leaseBatch(db, batchIds[0]!, NOON)
  await db
    .update(deliveries)
    .set({ state: 'handed', attempts: 1 })
    .where(those(4, 5, 6))
  await leaseEnds(db)
  await workAll(workerOn(services, sink.url))
  await db.update(deliveries).set({ state: 'erased', reply: null }).where(those(9))
  expect(await isSent(services, editionId, 9)).toBe(true)
  const progress = await progressOf(services, editionId)
  expect(progress.states).toEqual({ accepted: 2, refused: 1, skipped: 1, expired: 1, unknown: 3, erased: 1 })
  expect(progress.open).toBe(0)
  expect(describeProgress(progress)).toMatch(/^3 unknown, 2 accepted, /)
})

describe('a reader whose hour is still to come', () => {
  test('keeps the edition open until a newer one is out', async ({ db }) => {
    const clock = { now: NOON }
    const services = servicesOn(db, {}, clock)
    const editionId = await releasedEdition(services)
    const sink = await sinkThat()
    await addSubscriber(db, 'noon@example.org', { nextDigestAt: NOON, hour: 12 })
    await addSubscriber(db, 'evening@example.org', { nextDigestAt: new Date('2026-04-15T20:00:00Z'), hour: 20 })
    await planDue(services)
    await workAll(workerOn(services, sink.url))
    expect(await isSent(services, editionId, 1)).toBe(false)
    await releasedEdition(services, '2026-04-15')
    expect(await isSent(services, editionId, 1)).toBe(true)
  })

  test('leaves ten minutes at most until a lost delivery is found, whose batch has ended', async ({ db }) => {
    const clock = { now: NOON }
    const services = servicesOn(db, {}, clock)
    await releasedEdition(services)
    await addSubscriber(db, 'noon@example.org', { nextDigestAt: NOON, hour: 12 })
    await addSubscriber(db, 'evening@example.org', { nextDigestAt: new Date('2026-04-15T20:00:00Z'), hour: 20 })
    await planDue(services)
    await db.update(batches).set({ state: 'done' })
    // As often as the job wakes, from just after a look.
    let looks = 0
    for (let seconds = 20; seconds <= 20 + 600; seconds += 15) {
      clock.now = new Date(NOON.getTime() + seconds * 1000)
      await settleEditions(services)
      if ((await db.select().from(batches))[0]!.state === 'open') looks++
      await db.update(batches).set({ state: 'done' })
    }
    expect(looks).toBe(1)
  })

  test('who joins after it was sent gets it too, and it becomes sent again', async ({ db }) => {
    const clock = { now: NOON }
    const services = servicesOn(db, {}, clock)
    const editionId = await releasedEdition(services)
    const sink = await sinkThat()
    const worker = workerOn(services, sink.url)
    await addSubscriber(db, 'ada@example.org', { nextDigestAt: NOON, hour: 12 })
    await planDue(services)
    await workAll(worker)
    expect(await isSent(services, editionId, 1)).toBe(true)
    await addSubscriber(db, 'new@example.org', { nextDigestAt: NOON, hour: 12 })
    await planDue(services)
    expect(await isSent(services, editionId, 2)).toBe(false)
    expect(await stateOf(db)).toBe('sending')
    await workAll(worker)
    expect(await isSent(services, editionId, 2)).toBe(true)
    expect(sink.taken.map((one) => one.to)).toEqual(['ada@example.org', 'new@example.org'])
  })
})

test('a paused edition does not become sent, and continues where it stopped', async ({ db }) => {
  const services = servicesOn(db)
  const editionId = await releasedEdition(services)
  const sink = await sinkThat()
  const worker = workerOn(services, sink.url)
  await addReaders(db, 4)
  await planAll(services, editionId)
  await pause(services, KEY)
  await workAll(worker)
  expect(sink.taken).toEqual([])
  expect(await isSent(services, editionId, 4)).toBe(false)
  await resume(services, KEY)
  await workAll(worker)
  expect(await isSent(services, editionId, 4)).toBe(true)
})

test('a cancelled edition stays cancelled: unsent deliveries are skipped, sent ones keep their outcome', async ({
  db,
}) => {
  const services = servicesOn(db)
  const editionId = await releasedEdition(services)
  const sink = await sinkThat()
  await addReaders(db, 4)
  await planAll(services, editionId)
  const [one, two] = await db.select().from(deliveries).limit(2)
  await db.update(deliveries).set({ state: 'accepted' }).where(eq(deliveries.subscriberId, one!.subscriberId))
  // A worker died with it: without the cancellation, it would be sent again.
  await db
    .update(deliveries)
    .set({ state: 'unknown', crashes: 1 })
    .where(eq(deliveries.subscriberId, two!.subscriberId))
  expect((await progressOf(services, editionId)).open).toBe(3)
  await cancel(services, KEY)
  expect((await progressOf(services, editionId)).open).toBe(0)
  expect((await countLive(services, [editionId], 'resend')).get(editionId)).toMatchObject({ total: 4, open: 0 })
  await workAll(workerOn(services, sink.url))
  expect(await isSent(services, editionId, 4)).toBe(false)
  expect(await stateOf(db)).toBe('cancelled')
  expect((await progressOf(services, editionId)).states).toEqual({ accepted: 1, unknown: 1, skipped: 2 })
  expect(sink.taken).toEqual([])
  expect(await db.$count(batches, sql`state <> 'done'`)).toBe(0)
})
