import { eq, sql } from 'drizzle-orm'
import { describe, expect } from 'vitest'
import { dueBatches, leaseBatch } from '../../../src/delivery/ledger/batches.ts'
import { recall } from '../../../src/delivery/ledger/recall.ts'
import { openRepeats } from '../../../src/delivery/ledger/repeats.ts'
import { startAttempts } from '../../../src/delivery/ledger/start-attempts.ts'
import { planAll } from '../../../src/delivery/plan/plan-all.ts'
import { planDue } from '../../../src/delivery/plan/plan-due.ts'
import { deliverBatch } from '../../../src/delivery/send/deliver-batch.ts'
import { spendErrorBudget } from '../../../src/delivery/send/error-budget.ts'
import { sendAgain } from '../../../src/delivery/send/send-again.ts'
import { assemble } from '../../../src/edition/draft/assemble.ts'
import { findEdition } from '../../../src/edition/draft/control.ts'
import { curate } from '../../../src/edition/draft/curate.ts'
import { publishNotice } from '../../../src/edition/draft/publish-notice.ts'
import { release } from '../../../src/edition/draft/release.ts'
import type { Db } from '../../../src/runtime/db/database.ts'
import {
  batches,
  deliveries,
  editionNotices,
  editionParts,
  editions,
  subscribers,
} from '../../../src/runtime/db/schema.ts'
import type { Services } from '../../../src/runtime/services.ts'
import { someoneWaits, test } from '../../support/database.ts'
import { deliveryStates, NEVER, sinkThat, workerOn } from '../../support/sending.ts'
import { addReaders, addSubscriber, NOON, releasedEdition, servicesOn } from '../../support/services.ts'
import { smtpReply } from '../../support/sink.ts'

const KEY = { kind: 'daily' as const, date: '2026-04-14' }

/** A released edition with a leased batch, and the call that marks its deliveries `handed`. */
async function leased(services: Services, readers = 3) {
  const { db } = services
  await addReaders(db, readers)
  const editionId = await releasedEdition(services, KEY.date, 4)
  const { batchIds } = await planAll(services, editionId)
  const lease = (await leaseBatch(db, batchIds[0]!, NOON))!
  const group = (await db.select({ subscriberId: deliveries.subscriberId }).from(deliveries)).map((row) => ({
    ...row,
    chosen: { shown: [0, 1], own: 0 },
  }))
  const { releases } = await openRepeats(services, editionId)()
  return { mark: (on: Db = db) => startAttempts(on, lease, group, { releases, policy: 'resend', at: NOON }) }
}

const stateOf = async (services: Services) => (await findEdition(services, KEY)).state

describe('an edition of which nothing was handed over', () => {
  test('becomes a held draft again: nothing planned or composed stays, and its readers are due as before', async ({
    db,
  }) => {
    const services = servicesOn(db)
    const due = new Date('2026-04-15T11:00:00Z')
    await addReaders(db, 3, { nextDigestAt: due })
    await releasedEdition(services, KEY.date, 4)
    expect((await planDue(services)).deliveries).toBe(3)
    await recall(services, KEY)
    expect(await findEdition(services, KEY)).toMatchObject({
      state: 'draft',
      held: true,
      heldWhy: null,
      releasedAt: null,
    })
    for (const table of [deliveries, batches, editionParts]) expect(await db.$count(table)).toBe(0)
    const readers = await db.select({ at: subscribers.nextDigestAt }).from(subscribers)
    expect(readers.map(({ at }) => at)).toEqual([due, due, due])
  })

  test('does not make a reader due who moved to weekly emails since', async ({ db }) => {
    const services = servicesOn(db)
    const weekly = new Date('2026-04-20T08:00:00Z')
    const id = await addSubscriber(db, 'ada@example.org', { nextDigestAt: new Date('2026-04-15T11:00:00Z') })
    await releasedEdition(services, KEY.date, 4)
    expect((await planDue(services)).deliveries).toBe(1)
    await db.update(subscribers).set({ cadence: 'weekly', nextDigestAt: weekly }).where(eq(subscribers.id, id))
    await recall(services, KEY)
    const [reader] = await db.select({ at: subscribers.nextDigestAt }).from(subscribers)
    expect(reader!.at).toEqual(weekly)
  })

  test('is changed, released again, and sent as it is then, also by a worker that knew the first one', async ({
    db,
  }) => {
    const services = servicesOn(db)
    const sink = await sinkThat()
    const worker = workerOn(services, sink.url, 1)
    await addReaders(db, 2, { nextDigestAt: new Date('2026-04-15T11:00:00Z') })
    const editionId = await releasedEdition(services, KEY.date, 4)
    await planDue(services)
    // The worker composes the edition, and sends nothing.
    const [batch] = await dueBatches(db, NOON)
    const lease = (await leaseBatch(db, batch!.batchId, NOON))!
    await worker.renderer.open(lease)
    await recall(services, KEY)
    await curate(services, '2604.14003', 'pick', 'Changed my mind.')
    // A millisecond later: two releases never share their moment.
    const later = servicesOn(db, {}, { now: new Date(NOON.getTime() + 1) })
    await release(later, KEY)
    expect((await planDue(services)).deliveries).toBe(2)
    for (const { batchId } of await dueBatches(db, NOON)) await deliverBatch(worker, batchId, NEVER)
    expect(sink.taken).toHaveLength(2)
    for (const { to } of sink.taken) expect((await sink.read(to)).text).toContain('Changed my mind.')
    expect(await db.$count(deliveries, eq(deliveries.editionId, editionId))).toBe(2)
  })

  test('gives back the corrections that it reported', async ({ db }) => {
    const services = servicesOn(db)
    await releasedEdition(services, '2026-04-13', 3)
    await publishNotice(services, { kind: 'daily', date: '2026-04-13' }, 'It was wrong.')
    await releasedEdition(services, KEY.date, 3)
    const reported = async () => (await db.select({ by: editionNotices.reportedBy }).from(editionNotices))[0]!.by
    expect(await reported()).not.toBeNull()
    await recall(services, KEY)
    expect(await reported()).toBeNull()
  })

  test('an order to send at once did not move its readers, so recalling does not either', async ({ db }) => {
    const services = servicesOn(db)
    await addReaders(db, 2)
    const editionId = await releasedEdition(services, KEY.date, 3)
    await db.update(editions).set({ sendAllAt: NOON })
    await planAll(services, editionId)
    await recall(services, KEY)
    const readers = await db.select({ at: subscribers.nextDigestAt }).from(subscribers)
    expect(readers.map(({ at }) => at?.toISOString())).toEqual(Array(2).fill('2026-04-16T08:00:00.000Z'))
  })
})

describe('after attempts that left no email with a reader', () => {
  test('becomes a draft again; its readers are due, and get it as it is released then, also in retries', async ({
    db,
  }) => {
    const at = { now: NOON }
    const services = servicesOn(db, {}, at)
    const due = new Date('2026-04-15T11:00:00Z')
    let reply: (to: string) => Error | undefined = (to) =>
      to.startsWith('reader-1@') ? smtpReply(550, '5.0.0 no') : smtpReply(450, '4.2.0 later')
    const sink = await sinkThat({ recipient: (to) => reply(to) })
    const worker = workerOn(services, sink.url)
    const work = async () => {
      for (const { batchId } of await dueBatches(db, at.now)) await deliverBatch(worker, batchId, NEVER)
    }
    await addReaders(db, 3, { nextDigestAt: due })
    await releasedEdition(services, KEY.date, 4)
    await planDue(services)
    await work()
    expect(await deliveryStates(db)).toEqual({ deferred: 2, refused: 1 })
    await recall(services, KEY)
    const readers = await db.select({ at: subscribers.nextDigestAt }).from(subscribers)
    expect(readers.map((reader) => reader.at)).toEqual([due, due, due])
    await curate(services, '2604.14003', 'pick', 'Changed my mind.')
    // Within the seconds in which deferred deliveries share a batch.
    at.now = new Date(NOON.getTime() + 1)
    await release(services, KEY)
    expect((await planDue(services)).deliveries).toBe(3)
    await work()
    expect(await deliveryStates(db)).toEqual({ deferred: 2, refused: 1 })
    reply = () => undefined
    at.now = new Date(NOON.getTime() + 3_600_000)
    await work()
    expect(await deliveryStates(db)).toEqual({ accepted: 2, refused: 1 })
    for (const { to } of sink.taken) expect((await sink.read(to)).text).toContain('Changed my mind.')
  })

  test('a batch that ends after the recall adds no refusals to the next release', async ({ db }) => {
    const at = { now: NOON }
    const services = servicesOn(db, {}, at)
    const sink = await sinkThat()
    await addReaders(db, 1, { nextDigestAt: new Date('2026-04-15T11:00:00Z') })
    await releasedEdition(services, KEY.date, 4)
    const { batchIds } = await planDue(services)
    const lease = (await leaseBatch(db, batchIds[0]!, NOON))!
    await recall(services, KEY)
    const refused = { accepted: 0, refused: 200, deferred: 0, unknown: 0, queued: 0 }
    await spendErrorBudget(services, lease, refused)
    at.now = new Date(NOON.getTime() + 1)
    await release(services, KEY)
    await planDue(services)
    // Counts of the same release still do.
    const [batch] = await dueBatches(db, at.now)
    await deliverBatch(workerOn(services, sink.url), batch!.batchId, NEVER)
    expect(await deliveryStates(db)).toEqual({ accepted: 1 })
    expect(await findEdition(services, KEY)).toMatchObject({ answered: 1, refused: 0 })
  })

  test('one that never began counts as none', async ({ db }) => {
    const services = servicesOn(db)
    await leased(services)
    await db.execute(sql`UPDATE deliveries SET handed_at = now()`)
    await recall(services, KEY)
    expect(await stateOf(services)).toBe('draft')
  })
})

describe('once one email may have arrived', () => {
  test.for(['accepted', 'unknown', 'unknown, sent again and refused'])(
    'recalling is refused: %s',
    async (how, { db }) => {
      const services = servicesOn(db, { UNKNOWN_POLICY: 'hold' })
      const sink = await sinkThat({ recipient: () => smtpReply(550, '5.0.0 no') })
      await addReaders(db, 1)
      await planAll(services, await releasedEdition(services, KEY.date, 4))
      await db.update(deliveries).set({ state: how === 'accepted' ? how : 'unknown', attempts: 1, handedAt: NOON })
      await db.update(batches).set({ state: 'done' })
      await db.update(editions).set({ state: 'sending' })
      if (how.endsWith('refused')) {
        expect(await sendAgain(services, KEY, { only: ['unknown'], dryRun: false })).toEqual({ unknown: 1 })
        for (const { batchId } of await dueBatches(db, NOON))
          await deliverBatch(workerOn(services, sink.url), batchId, NEVER)
        expect(await deliveryStates(db)).toEqual({ refused: 1 })
      }
      await expect(recall(services, KEY)).rejects.toMatchObject({ code: 'EDITION_STATE' })
      expect(await stateOf(services)).toBe('sending')
    },
  )

  test('recalling is refused while one is handed over, and changes nothing', async ({ db }) => {
    const services = servicesOn(db)
    const { mark } = await leased(services)
    expect(await mark()).toHaveLength(3)
    await expect(recall(services, KEY)).rejects.toMatchObject({ code: 'EDITION_STATE' })
    expect([await stateOf(services), await db.$count(deliveries)]).toEqual(['sending', 3])
  })

  test('a draft and a cancelled edition cannot be recalled', async ({ db }) => {
    const services = servicesOn(db)
    await releasedEdition(services, KEY.date, 3)
    await db.update(editions).set({ state: 'cancelled' })
    await expect(recall(services, KEY)).rejects.toMatchObject({ code: 'EDITION_STATE' })
    await db.update(editions).set({ state: 'draft', releasedAt: null })
    await assemble(services, KEY)
    await expect(recall(services, KEY)).rejects.toMatchObject({ code: 'EDITION_STATE' })
  })
})

test('readers who are being planned during a recall stay due, for the edition as it is released then', async ({
  db,
}) => {
  const services = servicesOn(db)
  const due = new Date('2026-04-15T11:00:00Z')
  await addReaders(db, 3, { nextDigestAt: due })
  await releasedEdition(services, KEY.date, 4)
  const planning = await db.transaction(async (tx) => {
    await recall({ ...services, db: tx }, KEY)
    const waiting = planDue(services)
    await someoneWaits(db)
    return { waiting }
  })
  expect((await planning.waiting).deliveries).toBe(0)
  const readers = await db.select({ at: subscribers.nextDigestAt }).from(subscribers)
  expect(readers.map(({ at }) => at)).toEqual([due, due, due])
  await release(services, KEY)
  expect((await planDue(services)).deliveries).toBe(3)
})

describe('a mark and a recall at the same time', () => {
  test('the recall first: the mark waits, and finds nothing to send', async ({ db }) => {
    const services = servicesOn(db)
    const { mark } = await leased(services)
    const marking = await db.transaction(async (tx) => {
      await recall({ ...services, db: tx }, KEY)
      const waiting = mark()
      await someoneWaits(db)
      return { waiting }
    })
    expect(await marking.waiting).toEqual([])
    expect([await stateOf(services), await db.$count(deliveries)]).toEqual(['draft', 0])
  })

  test('the mark first: the recall waits, and is refused', async ({ db }) => {
    const services = servicesOn(db)
    const { mark } = await leased(services)
    const recalling = await db.transaction(async (tx) => {
      expect(await mark(tx)).toHaveLength(3)
      const waiting = recall(services, KEY).then(
        () => 'recalled',
        ({ code }) => code,
      )
      await someoneWaits(db)
      return { waiting }
    })
    expect(await recalling.waiting).toBe('EDITION_STATE')
    expect([await stateOf(services), await db.$count(deliveries)]).toEqual(['sending', 3])
  })

  test('either one wins, never both', { timeout: 60_000 }, async ({ db }) => {
    const services = servicesOn(db)
    const { mark } = await leased(services)
    const won = { mark: 0, recall: 0 }
    for (let round = 0; round < 12; round++) {
      const both = [() => mark(), () => recall(services, KEY).then(() => 'recalled' as const)]
      if (round % 2) both.reverse()
      const ends = await Promise.allSettled(both.map((act) => act()))
      const recalled = ends.some((end) => end.status === 'fulfilled' && end.value === 'recalled')
      const handed = ends.flatMap((end) => (end.status === 'fulfilled' && Array.isArray(end.value) ? end.value : []))
      expect(recalled).toBe(handed.length === 0)
      expect(await stateOf(services)).toBe(recalled ? 'draft' : 'sending')
      won[recalled ? 'recall' : 'mark']++
      if (recalled) break
      await db.execute(sql`UPDATE deliveries SET state = 'queued', hand_overs = 0, handed_at = NULL`)
    }
    expect(won.mark + won.recall).toBeGreaterThan(0)
  })
})
