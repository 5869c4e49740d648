import { eq, sql } from 'drizzle-orm'
import { describe, expect } from 'vitest'
import { leaseBatch } from '../../../src/delivery/ledger/batches.ts'
import { listUnknown, progressOf } from '../../../src/delivery/ledger/progress.ts'
import { openRepeats } from '../../../src/delivery/ledger/repeats.ts'
import { settleEditions } from '../../../src/delivery/ledger/settle-editions.ts'
import { startAttempts } from '../../../src/delivery/ledger/start-attempts.ts'
import { planAll } from '../../../src/delivery/plan/plan-all.ts'
import { deliverBatch } from '../../../src/delivery/send/deliver-batch.ts'
import { assemble } from '../../../src/edition/draft/assemble.ts'
import { cancel, findEdition, pause } from '../../../src/edition/draft/control.ts'
import { release } from '../../../src/edition/draft/release.ts'
import type { Db } from '../../../src/runtime/db/database.ts'
import { batches, deliveries, editions, subscribers, suppressions } from '../../../src/runtime/db/schema.ts'
import { refuseFirstOutcomes, test } from '../../support/database.ts'
import { openScriptedRelay } from '../../support/scripted-relay.ts'
import { closing, deliveryStates, NEVER, sinkThat, workerOn } from '../../support/sending.ts'
import { addPapers, addReaders, addSubscriber, NOON, releasedEdition, servicesOn } from '../../support/services.ts'
import { smtpReply } from '../../support/sink.ts'

/** Makes open batches due. */
const makeDue = (db: Db) => db.update(batches).set({ dueAt: NOON }).where(eq(batches.state, 'open'))
const openBatches = async (db: Db) =>
  (await db.select({ id: batches.id }).from(batches).where(eq(batches.state, 'open'))).map((row) => row.id)

test('every reader gets one digest, and each was marked handed before the relay saw it', async ({ db }) => {
  const services = servicesOn(db)
  const seenAs: string[] = []
  const sink = await sinkThat({
    async data({ to }) {
      const { rows } = await db.execute<{ state: string }>(
        sql`SELECT d.state FROM deliveries d JOIN subscribers s ON s.id = d.subscriber_id WHERE s.email = ${to}`,
      )
      seenAs.push(rows[0]!.state)
    },
  })
  await addReaders(db, 40)
  const { batchIds } = await planAll(services, await releasedEdition(services))
  for (const id of batchIds) await deliverBatch(workerOn(services, sink.url), id, NEVER)
  expect(new Set(sink.taken.map((one) => one.to)).size).toBe(40)
  expect(sink.taken).toHaveLength(40)
  expect(new Set(seenAs)).toEqual(new Set(['handed']))
  expect(await deliveryStates(db)).toEqual({ accepted: 40 })
  expect(await settleEditions(services)).toHaveLength(1)
})

test('rule 2: two concurrent batches have no more in flight than one, and each reader gets one digest', async ({
  db,
}) => {
  const services = servicesOn(db)
  const inFlight: number[] = []
  const sink = await sinkThat({
    async data() {
      inFlight.push((await deliveryStates(db)).handed ?? 0)
    },
  })
  await addReaders(db, 300)
  const { batchIds } = await planAll(services, await releasedEdition(services))
  const worker = workerOn(services, sink.url)
  const tallies = await Promise.all(batchIds.map((id) => deliverBatch(worker, id, NEVER)))
  expect(tallies.map((tally) => tally!.accepted)).toEqual([250, 50])
  expect(new Set(sink.taken.map(({ to }) => to)).size).toBe(300)
  expect(Math.max(...inFlight)).toBeLessThanOrEqual(2 * worker.relay.connections)
})

test('accepted digests are recorded also when no rate is left for the next group', async ({ db }) => {
  const services = servicesOn(db)
  const sink = await sinkThat()
  await addReaders(db, 5)
  const { batchIds } = await planAll(services, await releasedEdition(services))
  const worker = workerOn(services, sink.url)
  const granted = [2, 2, 0]
  const relay = { ...worker.relay, room: async () => granted.shift() ?? 0 }
  expect(await deliverBatch({ ...worker, relay }, batchIds[0]!, NEVER)).toMatchObject({ accepted: 4 })
  expect(await deliveryStates(db)).toEqual({ accepted: 4, queued: 1 })
})

test('two workers with the same batch send it once', async ({ db }) => {
  const services = servicesOn(db)
  const sink = await sinkThat()
  await addReaders(db, 30)
  const { batchIds } = await planAll(services, await releasedEdition(services))
  const workers = [workerOn(services, sink.url), workerOn(services, sink.url)]
  await Promise.all(workers.map((worker) => deliverBatch(worker, batchIds[0]!, NEVER)))
  expect(sink.taken).toHaveLength(30)
})

describe('a planned delivery is skipped for', () => {
  const cases: [string, (db: Db, id: number) => Promise<unknown>, string][] = [
    [
      'left',
      (db, id) => db.update(subscribers).set({ status: 'unsubscribed' }).where(eq(subscribers.id, id)),
      'unsubscribed',
    ],
    ['bounced', (db, id) => db.update(subscribers).set({ status: 'bounced' }).where(eq(subscribers.id, id)), 'bounced'],
    [
      'complained',
      (db, id) => db.update(subscribers).set({ status: 'complained' }).where(eq(subscribers.id, id)),
      'complained',
    ],
    [
      'erased',
      (db, id) =>
        db
          .update(subscribers)
          .set({ status: 'erased', email: null, emailKey: null, addressHash: null })
          .where(eq(subscribers.id, id)),
      'erased',
    ],
    ['deleted', (db, id) => db.delete(subscribers).where(eq(subscribers.id, id)), 'gone'],
    [
      'paused',
      (db, id) =>
        db
          .update(subscribers)
          .set({ pausedUntil: new Date('2026-05-01T00:00:00Z') })
          .where(eq(subscribers.id, id)),
      'paused',
    ],
    [
      'suppressed',
      async (db, id) => {
        const [row] = await db.select().from(subscribers).where(eq(subscribers.id, id))
        await db.insert(suppressions).values({ addressHash: row!.addressHash!, reason: 'manual' })
      },
      'suppressed',
    ],
    [
      'moved to weekly emails',
      (db, id) => db.update(subscribers).set({ cadence: 'weekly' }).where(eq(subscribers.id, id)),
      'moved to weekly',
    ],
  ]
  for (const [name, happen, why] of cases) {
    test(name, async ({ db }) => {
      const services = servicesOn(db)
      const sink = await sinkThat()
      const id = await addSubscriber(db, 'ada@example.org')
      await addSubscriber(db, 'stays@example.org')
      const { batchIds } = await planAll(services, await releasedEdition(services))
      await happen(db, id)
      await deliverBatch(workerOn(services, sink.url), batchIds[0]!, NEVER)
      expect(sink.taken.map((one) => one.to)).toEqual(['stays@example.org'])
      const [row] = await db.select().from(deliveries).where(eq(deliveries.subscriberId, id))
      expect(row).toMatchObject({ state: 'skipped', reply: why, attempts: 0 })
    })
  }

  test('a weekly edition, for a reader who moved to daily emails; one for weekdays gets no Saturday’s list', async ({
    db,
  }) => {
    const services = servicesOn(db)
    const sink = await sinkThat()
    for (const [kind, date, before, after] of [
      ['weekly', '2026-04-06', 'weekly', 'daily'],
      ['daily', '2026-04-11', 'daily', 'weekdays'],
      ['daily', '2026-04-14', 'daily', 'weekdays'],
    ] as const) {
      const id = await addSubscriber(db, `${date}@example.org`, { cadence: before })
      await addPapers(db, date, 2)
      await assemble(services, { kind, date })
      await release(services, { kind, date })
      const { id: editionId } = await findEdition(services, { kind, date })
      const { batchIds } = await planAll(services, editionId)
      await db.update(subscribers).set({ cadence: after }).where(eq(subscribers.id, id))
      for (const batchId of batchIds) await deliverBatch(workerOn(services, sink.url), batchId, NEVER)
      await db.update(subscribers).set({ status: 'unsubscribed' }).where(eq(subscribers.id, id))
    }
    expect(sink.taken.map(({ to }) => to)).toEqual(['2026-04-14@example.org'])
  })

  test('a reader who unsubscribes while their resend waits', async ({ db }) => {
    const services = servicesOn(db)
    let first = true
    const sink = await sinkThat({
      data: () => {
        if (!first) return undefined
        first = false
        return smtpReply(451, '4.2.0 later')
      },
    })
    const id = await addSubscriber(db, 'ada@example.org')
    const { batchIds } = await planAll(services, await releasedEdition(services))
    const worker = workerOn(services, sink.url)
    await deliverBatch(worker, batchIds[0]!, NEVER)
    expect(await deliveryStates(db)).toEqual({ deferred: 1 })
    await db.update(subscribers).set({ status: 'unsubscribed' }).where(eq(subscribers.id, id))
    await makeDue(db)
    for (const batchId of await openBatches(db)) await deliverBatch(worker, batchId, NEVER)
    expect(sink.taken).toEqual([])
    expect(await deliveryStates(db)).toEqual({ skipped: 1 })
  })
})

test('marking waits for no reader whose row is locked: others could unsubscribe during the wait', async ({ db }) => {
  const services = servicesOn(db)
  const missed = await addSubscriber(db, 'missed@example.org', { missedAt: new Date('2026-04-14T08:00:00Z') })
  const other = await addSubscriber(db, 'other@example.org')
  const editionId = await releasedEdition(services)
  const { batchIds } = await planAll(services, editionId)
  const lease = (await leaseBatch(db, batchIds[0]!, NOON))!
  const { releases } = await openRepeats(services, editionId)()
  const group = [missed, other].map((subscriberId) => ({ subscriberId, chosen: { shown: [0], own: 0 } }))
  const marked = await db.transaction(async (long) => {
    await long.execute(sql`SELECT FROM subscribers WHERE id = ${missed} FOR UPDATE`)
    return db.transaction(async (tx) => {
      await tx.execute(sql`SET LOCAL lock_timeout = '2s'`)
      return startAttempts(tx, lease, group, { releases, policy: 'resend', at: NOON })
    })
  })
  expect(marked.map(({ subscriberId, missedOn }) => [subscriberId, missedOn])).toEqual([
    [missed, '2026-04-14'],
    [other, null],
  ])
})

test('a hard bounce of an address beyond ASCII is recorded, and suppresses it', async ({ db }) => {
  const services = servicesOn(db)
  const sink = await sinkThat({ recipient: () => smtpReply(550, '5.1.1 unknown') })
  const id = await addSubscriber(db, 'rené@example.org')
  const { batchIds } = await planAll(services, await releasedEdition(services))
  expect(await deliverBatch(workerOn(services, sink.url), batchIds[0]!, NEVER)).toMatchObject({ refused: 1 })
  expect(await deliveryStates(db)).toEqual({ refused: 1 })
  const [reader] = await db.select().from(subscribers).where(eq(subscribers.id, id))
  expect(reader!.status).toBe('bounced')
  expect(await db.$count(suppressions, eq(suppressions.addressHash, reader!.addressHash!))).toBe(1)
})

test('an address that the relay cannot carry is refused, and not suppressed', async ({ db }) => {
  const services = servicesOn(db)
  const sink = await sinkThat(
    { recipient: () => smtpReply(501, '5.1.3 Bad recipient address syntax') },
    { hideSMTPUTF8: true },
  )
  const id = await addSubscriber(db, 'rené@example.org')
  const { batchIds } = await planAll(services, await releasedEdition(services))
  expect(await deliverBatch(workerOn(services, sink.url), batchIds[0]!, NEVER)).toMatchObject({ refused: 1 })
  const [reader] = await db.select().from(subscribers).where(eq(subscribers.id, id))
  expect(reader!.status).toBe('active')
  expect(await db.$count(suppressions)).toBe(0)
})

test('refusals are final; a deferred delivery goes out later under the same Message-ID', async ({ db }) => {
  const services = servicesOn(db)
  const firstTime = new Set<string>()
  const sink = await sinkThat({
    recipient: (to) => {
      if (to === 'reader-1@example.org') return smtpReply(550, '5.1.1 unknown')
      if (to === 'reader-2@example.org' && !firstTime.has(to)) {
        firstTime.add(to)
        return smtpReply(450, '4.2.0 greylisted')
      }
      return undefined
    },
  })
  await addReaders(db, 10)
  const editionId = await releasedEdition(services)
  const { batchIds } = await planAll(services, editionId)
  const worker = workerOn(services, sink.url)
  const tally = await deliverBatch(worker, batchIds[0]!, NEVER)
  expect(tally).toEqual({ accepted: 8, deferred: 1, refused: 1, unknown: 0, queued: 0 })
  expect(await settleEditions(services)).toEqual([])
  const progress = await progressOf(services, editionId)
  expect(progress.total).toBe(10)
  expect(progress.open).toBe(1)
  expect(progress.nextTry!.getTime()).toBeGreaterThan(NOON.getTime())
  await makeDue(db)
  for (const batchId of await openBatches(db)) await deliverBatch(worker, batchId, NEVER)
  expect(await deliveryStates(db)).toEqual({ accepted: 9, refused: 1 })
  expect(await settleEditions(services)).toEqual([editionId])
})

test('a deferred digest expires instead of coming a day late', async ({ db }) => {
  const clock = { now: NOON }
  const services = servicesOn(db, {}, clock)
  const sink = await sinkThat({ recipient: () => smtpReply(450, '4.2.0 greylisted') })
  await addReaders(db, 2)
  const { batchIds } = await planAll(services, await releasedEdition(services))
  const worker = workerOn(services, sink.url)
  await deliverBatch(worker, batchIds[0]!, NEVER)
  clock.now = new Date(NOON.getTime() + 21 * 3_600_000)
  for (const batchId of await openBatches(db)) await deliverBatch(worker, batchId, NEVER)
  expect(await deliveryStates(db)).toEqual({ expired: 2 })
})

/** A relay that hangs up after whole messages instead of replying, a given number of times. */
const rudeRelay = (cuts: number) => {
  let taken = 0
  return openScriptedRelay(({ command }) => (command === 'END' && ++taken <= cuts ? 'cut' : undefined))
}

const messageIds = (messages: string[]) => new Set(messages.map((text) => /^Message-ID: .*$/m.exec(text)![0]))

describe('a connection lost after the whole message', () => {
  test('resend: sent again under the same Message-ID, at most three times, then it stays unknown', async ({ db }) => {
    const services = servicesOn(db)
    const relay = closing(await rudeRelay(99))
    await addReaders(db, 1)
    const editionId = await releasedEdition(services)
    const { batchIds } = await planAll(services, editionId)
    const worker = workerOn(services, relay.url)
    expect(await deliverBatch(worker, batchIds[0]!, NEVER)).toMatchObject({ unknown: 1 })
    expect(await settleEditions(services)).toEqual([])
    for (let round = 0; round < 6; round++) {
      await makeDue(db)
      for (const batchId of await openBatches(db)) await deliverBatch(worker, batchId, NEVER)
    }
    expect(relay.messages).toHaveLength(4)
    expect(messageIds(relay.messages).size).toBe(1)
    expect(await deliveryStates(db)).toEqual({ unknown: 1 })
    expect((await progressOf(services, editionId)).open).toBe(0)
  })

  test('hold: never sent again', async ({ db }) => {
    const services = servicesOn(db, { UNKNOWN_POLICY: 'hold' })
    const relay = closing(await rudeRelay(1))
    await addReaders(db, 1)
    const editionId = await releasedEdition(services)
    const { batchIds } = await planAll(services, editionId)
    const worker = workerOn(services, relay.url)
    await deliverBatch(worker, batchIds[0]!, NEVER)
    await makeDue(db)
    for (const batchId of await openBatches(db)) await deliverBatch(worker, batchId, NEVER)
    expect(relay.messages).toHaveLength(1)
    expect(await deliveryStates(db)).toEqual({ unknown: 1 })
    expect(await settleEditions(services)).toEqual([editionId])
  })
})

describe('a worker that died with deliveries handed', () => {
  /** The ledger after a kill -9: some rows handed, the lease about to expire. */
  async function crash(db: Db, batchId: number, handed: number) {
    await leaseBatch(db, batchId, NOON)
    await db.execute(sql`
      UPDATE deliveries SET state = 'handed', hand_overs = 1, shown = '\\xc0'
      WHERE subscriber_id IN (SELECT subscriber_id FROM deliveries ORDER BY subscriber_id LIMIT ${handed})`)
  }
  const leaseEnds = (db: Db) => db.execute(sql`UPDATE batches SET lease_until = now() - interval '1 second'`)

  test('resend: they become unknown and are sent once more, with the papers chosen before', async ({ db }) => {
    const services = servicesOn(db)
    const sink = await sinkThat()
    await addReaders(db, 10)
    const { batchIds } = await planAll(services, await releasedEdition(services))
    await crash(db, batchIds[0]!, 4)
    const worker = workerOn(services, sink.url)
    expect(await deliverBatch(worker, batchIds[0]!, NEVER)).toBeUndefined()
    await leaseEnds(db)
    expect(await deliverBatch(worker, batchIds[0]!, NEVER)).toMatchObject({ accepted: 10 })
    expect(sink.taken).toHaveLength(10)
    const resent = await sink.read('reader-1@example.org')
    // A row of the list has its votes after the title.
    expect(resent.text).toMatch(/Paper 2 of [\d-]+\n/)
    expect(resent.text).not.toMatch(/Paper 3 of [\d-]+\n/)
  })

  test.for([
    [3, { accepted: 3 }],
    [4, { accepted: 2, unknown: 1 }],
  ] as const)('resend: each crash repeats it once; after %i of them: %j', async ([crashes, end], { db }) => {
    const services = servicesOn(db)
    const sink = await sinkThat()
    await addReaders(db, 3)
    const { batchIds } = await planAll(services, await releasedEdition(services))
    for (let round = 0; round < crashes; round++) {
      await crash(db, batchIds[0]!, 1)
      await leaseEnds(db)
    }
    await deliverBatch(workerOn(services, sink.url), batchIds[0]!, NEVER)
    expect(sink.taken).toHaveLength(end.accepted)
    expect(await deliveryStates(db)).toEqual(end)
  })

  test('hold: they stay unknown and no reader gets a second one', async ({ db }) => {
    const services = servicesOn(db, { UNKNOWN_POLICY: 'hold' })
    const sink = await sinkThat()
    await addReaders(db, 10)
    const editionId = await releasedEdition(services)
    const { batchIds } = await planAll(services, editionId)
    await crash(db, batchIds[0]!, 4)
    await leaseEnds(db)
    await deliverBatch(workerOn(services, sink.url), batchIds[0]!, NEVER)
    expect(sink.taken).toHaveLength(6)
    expect(await deliveryStates(db)).toEqual({ accepted: 6, unknown: 4 })
    const listed = await listUnknown(services, editionId)
    expect(new Set([...listed.map((one) => one.address), ...sink.taken.map((one) => one.to)]).size).toBe(10)
    expect(listed[0]!.messageId).toMatch(/^<[0-9a-f]{32}@paperboy\.example>$/)
  })
})

test('stopping during a batch finishes deliveries in flight and returns the rest', async ({ db }) => {
  const services = servicesOn(db)
  const stop = new AbortController()
  const sink = await sinkThat({
    data: () => {
      stop.abort()
      return undefined
    },
  })
  await addReaders(db, 60)
  const { batchIds } = await planAll(services, await releasedEdition(services))
  const worker = workerOn(services, sink.url)
  await deliverBatch(worker, batchIds[0]!, stop.signal)
  const after = await deliveryStates(db)
  expect(after.accepted).toBe(sink.taken.length)
  expect(after.queued).toBe(60 - sink.taken.length)
  expect(sink.taken.length).toBeLessThanOrEqual(4)
  await deliverBatch(worker, batchIds[0]!, NEVER)
  expect(await deliveryStates(db)).toEqual({ accepted: 60 })
  expect(sink.taken).toHaveLength(60)
})

test('pausing the edition stops it within the current group', async ({ db }) => {
  const services = servicesOn(db)
  const sink = await sinkThat({
    data: async () => void (await pause(services, { kind: 'daily', date: '2026-04-14' })),
  })
  await addReaders(db, 60)
  const { batchIds } = await planAll(services, await releasedEdition(services))
  await deliverBatch(workerOn(services, sink.url), batchIds[0]!, NEVER)
  expect(sink.taken.length).toBeLessThanOrEqual(4)
  const [edition] = await db.select().from(editions)
  expect(edition!.state).toBe('paused')
})

test('a relay that is down costs no digest: the batch waits until it is back', async ({ db }) => {
  const services = servicesOn(db)
  await addReaders(db, 20)
  const { batchIds } = await planAll(services, await releasedEdition(services))
  const down = workerOn(services, 'smtp://127.0.0.1:9')
  await deliverBatch(down, batchIds[0]!, NEVER)
  expect((await deliveryStates(db)).accepted).toBeUndefined()
  const sink = await sinkThat()
  const up = workerOn(services, sink.url)
  expect(await deliverBatch(up, batchIds[0]!, NEVER)).toBeUndefined() // it rests
  await makeDue(db)
  await deliverBatch(up, batchIds[0]!, NEVER)
  expect(await deliveryStates(db)).toEqual({ accepted: 20 })
})

test('rule 2: outcomes that the database refuses at first are recorded, and nothing is sent again', async ({ db }) => {
  const services = servicesOn(db)
  const sink = await sinkThat({})
  await addReaders(db, 3)
  const { batchIds } = await planAll(services, await releasedEdition(services))
  await refuseFirstOutcomes(db, 'deliveries')
  await deliverBatch(workerOn(services, sink.url), batchIds[0]!, NEVER)
  expect(await deliveryStates(db)).toEqual({ accepted: 3 })
  expect(sink.taken).toHaveLength(3)
})

test('an error during a batch loses no outcome of deliveries in flight', async ({ db }) => {
  const services = servicesOn(db)
  const sink = await sinkThat({ data: async () => void (await new Promise((done) => setTimeout(done, 50))) })
  await addReaders(db, 12)
  const { batchIds } = await planAll(services, await releasedEdition(services))
  const worker = workerOn(services, sink.url)
  let groups = 0
  const failing: typeof worker.renderer = {
    open: async (editionId) => {
      const edition = await worker.renderer.open(editionId)
      const select: typeof edition.select = (pending, on) =>
        ++groups === 2 ? Promise.reject(new Error('the database went away')) : edition.select(pending, on)
      return { ...edition, select }
    },
  }
  await expect(deliverBatch({ ...worker, renderer: failing }, batchIds[0]!, NEVER)).rejects.toThrow('went away')
  expect(sink.taken.length).toBeGreaterThan(0)
  expect(await deliveryStates(db)).toEqual({ accepted: sink.taken.length, queued: 12 - sink.taken.length })
})

test('a batch that ended with an unfinished delivery is reopened, and the edition is not sent', async ({ db }) => {
  const services = servicesOn(db)
  const sink = await sinkThat()
  await addReaders(db, 3)
  const editionId = await releasedEdition(services)
  const { batchIds } = await planAll(services, editionId)
  await db.update(batches).set({ state: 'done' })
  expect(await settleEditions(services)).toEqual([])
  await deliverBatch(workerOn(services, sink.url), batchIds[0]!, NEVER)
  expect(sink.taken).toHaveLength(3)
  expect(await settleEditions(services)).toEqual([editionId])
})

test('cancelling ends planned deliveries, and no more are planned', async ({ db }) => {
  const services = servicesOn(db)
  await addReaders(db, 3)
  const editionId = await releasedEdition(services)
  const { batchIds } = await planAll(services, editionId)
  await leaseBatch(db, batchIds[0]!, NOON)
  await db.update(deliveries).set({ state: 'handed', attempts: 1 }).where(sql`subscriber_id = 1`)
  await cancel(services, { kind: 'daily', date: '2026-04-14' })
  await addSubscriber(db, 'late@example.org')
  expect(await planAll(services, editionId)).toEqual({ batchIds: [], deliveries: 0 })
  await db.execute(sql`UPDATE batches SET lease_until = now() - interval '1 second'`)
  await settleEditions(services)
  expect(await deliveryStates(db)).toEqual({ skipped: 2, unknown: 1 })
  expect(await openBatches(db)).toEqual([])
})
