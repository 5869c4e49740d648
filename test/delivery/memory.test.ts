import { eq, sql } from 'drizzle-orm'
import { describe, expect } from 'vitest'
import { dueBatches, leaseBatch, returnBatch } from '../../src/delivery/ledger/batches.ts'
import { readPending } from '../../src/delivery/ledger/deliveries.ts'
import { recall } from '../../src/delivery/ledger/recall.ts'
import { recordOutcomes } from '../../src/delivery/ledger/record-outcomes.ts'
import { fromBitmap } from '../../src/delivery/ledger/shown-bitmap.ts'
import { startAttempts } from '../../src/delivery/ledger/start-attempts.ts'
import { planAll } from '../../src/delivery/plan/plan-all.ts'
import { deliverBatch } from '../../src/delivery/send/deliver-batch.ts'
import type { DeliveryContext } from '../../src/delivery/send/delivery-context.ts'
import { sendAgain } from '../../src/delivery/send/send-again.ts'
import { assemble } from '../../src/edition/draft/assemble.ts'
import { release } from '../../src/edition/draft/release.ts'
import type { Db } from '../../src/runtime/db/database.ts'
import { deliveries, editions, papers, subscribers } from '../../src/runtime/db/schema.ts'
import type { Services } from '../../src/runtime/services.ts'
import { test } from '../support/database.ts'
import { NEVER, sinkThat, workerOn } from '../support/sending.ts'
import { addPapers, addReaders, addSubscriber, NOON, releasedEdition, servicesOn } from '../support/services.ts'

/** Rule 6 under concurrency: papers that another edition is showing at the same moment. */

async function workerWithSink(services: Services) {
  const sink = await sinkThat()
  return { sink, deps: workerOn(services, sink.url, 5) }
}

/** Two released editions with four papers in common: those of the 13th, moved to the 14th. */
async function overlapping(services: Services): Promise<[number, number]> {
  const first = await releasedEdition(services, '2026-04-13', 4)
  await addPapers(services.db, '2026-04-14', 2)
  await services.db.update(papers).set({ listDay: '2026-04-14' })
  const { editionId } = await assemble(services, { date: '2026-04-14' })
  await release(services, { date: '2026-04-14' })
  return [first, editionId]
}

const shownTwice = async (db: Db): Promise<number> => {
  const { rows } = await db.execute<{ count: number }>(sql`
    SELECT count(*)::int AS count FROM (
      SELECT FROM deliveries d JOIN edition_papers p ON p.edition_id = d.edition_id
      WHERE d.state = 'accepted' AND p.position < length(d.shown) * 8 AND get_bit(d.shown, p.position / 8 * 8 + 7 - p.position % 8) = 1
      GROUP BY d.subscriber_id, p.paper_id HAVING count(*) > 1) AS twice`)
  return rows[0]!.count
}

test('two workers with two editions for the same readers at the same moment show no paper twice', async ({ db }) => {
  const services = servicesOn(db)
  const one = await workerWithSink(services)
  const two = await workerWithSink(services)
  await addReaders(db, 60)
  const [first, second] = await overlapping(services)
  await db.update(subscribers).set({ size: 20 })
  const [a, b] = [await planAll(services, first), await planAll(services, second)]
  await Promise.all([deliverBatch(one.deps, a.batchIds[0]!, NEVER), deliverBatch(two.deps, b.batchIds[0]!, NEVER)])
  expect(one.sink.taken.length + two.sink.taken.length).toBeGreaterThanOrEqual(60)
  expect(await shownTwice(db)).toBe(0)
})

test('choices made before another release are no longer marked', async ({ db }) => {
  const services = servicesOn(db)
  const { deps, sink } = await workerWithSink(services)
  await addReaders(db, 3)
  const first = await releasedEdition(services, '2026-04-13', 4)
  const { batchIds } = await planAll(services, first)
  const lease = (await leaseBatch(db, batchIds[0]!, NOON))!
  const edition = await deps.renderer.open(lease)
  const chosen = await edition.select(await readPending(db, lease, 'resend'), db)

  await addPapers(db, '2026-04-14', 2)
  await assemble(services, { date: '2026-04-14' })
  await release(services, { date: '2026-04-14' })
  expect(await startAttempts(db, lease, chosen, { releases: edition.releases, policy: 'resend', at: NOON })).toEqual([])

  await db.execute(sql`UPDATE batches SET lease_until = now() - interval '1 second'`)
  await deliverBatch(deps, batchIds[0]!, NEVER)
  expect(sink.taken, 'the batch starts over').toHaveLength(3)
})

test('choices made before an edition was recalled and released again are no longer marked', async ({ db }) => {
  const services = servicesOn(db)
  const { deps } = await workerWithSink(services)
  await addReaders(db, 3)
  const first = await releasedEdition(services, '2026-04-13', 4)
  await releasedEdition(services, '2026-04-14', 2)
  const { batchIds } = await planAll(services, first)
  const lease = (await leaseBatch(db, batchIds[0]!, NOON))!
  const edition = await deps.renderer.open(lease)
  const chosen = await edition.select(await readPending(db, lease, 'resend'), db)
  const key = { kind: 'daily' as const, date: '2026-04-14' }
  await recall(services, key)
  await db.update(papers).set({ listDay: '2026-04-14' })
  await assemble(services, key)
  await release({ ...services, now: () => new Date(NOON.getTime() + 1) }, key)
  expect(await startAttempts(db, lease, chosen, { releases: edition.releases, policy: 'resend', at: NOON })).toEqual([])
})

describe('no paper twice, where another edition shows it before a delivery is attempted again:', () => {
  const deliver = async (services: Services, deps: DeliveryContext, edition: number) =>
    deliverBatch(deps, (await planAll(services, edition)).batchIds[0]!, NEVER)
  /** Delivers the rest. Returns each delivery's state and number of papers, by edition. */
  async function finish({ db }: Services, deps: DeliveryContext) {
    await db.execute(sql`UPDATE batches SET due_at = ${NOON} WHERE state = 'open'`)
    for (const { batchId } of await dueBatches(db, NOON)) await deliverBatch(deps, batchId, NEVER)
    expect(await shownTwice(db)).toBe(0)
    const rows = await db.select().from(deliveries).orderBy(deliveries.editionId)
    return rows.map(({ state, shown }) => `${state} ${fromBitmap(shown!).length}`)
  }

  test.for(['refused', 'expired'] as const)('an operator sends one again that was %s', async (state, { db }) => {
    const services = servicesOn(db)
    const { deps } = await workerWithSink(services)
    await addReaders(db, 1, { size: 20 })
    const [first, second] = await overlapping(services)
    await deliver(services, deps, first)
    await db.update(deliveries).set({ state })
    await deliver(services, deps, second)
    await sendAgain(services, { kind: 'daily', date: '2026-04-13' }, { only: [state], dryRun: false })
    expect(await finish(services, deps)).toEqual(['skipped 0', 'accepted 6'])
  })

  test.for([
    ['unknown', {}],
    ['refused', { cuts: 1 }],
  ] as const)('an operator sends one again that may have arrived, and is %s', async ([state, earlier], { db }) => {
    const services = servicesOn(db, { UNKNOWN_POLICY: 'hold' })
    const { deps } = await workerWithSink(services)
    await addReaders(db, 1, { size: 20 })
    const [first, second] = await overlapping(services)
    await deliver(services, deps, first)
    await db.update(deliveries).set({ state, ...earlier })
    await sendAgain(services, { kind: 'daily', date: '2026-04-13' }, { only: [state], dryRun: false })
    await deliver(services, deps, second)
    expect(await finish(services, deps)).toEqual(['accepted 4', 'accepted 2'])
  })

  test('sending stopped before the attempt began', async ({ db }) => {
    const services = servicesOn(db)
    const { deps } = await workerWithSink(services)
    await addReaders(db, 1, { size: 20 })
    const [first, second] = await overlapping(services)
    const { batchIds } = await planAll(services, first)
    const lease = (await leaseBatch(db, batchIds[0]!, NOON))!
    const { select, releases } = await deps.renderer.open(lease)
    const chosen = await select(await readPending(db, lease, 'resend'), db)
    const [begun] = await startAttempts(db, lease, chosen, { releases, policy: 'resend', at: NOON })
    const outcome = { state: 'queued' as const, reply: 'sending stopped' }
    await recordOutcomes(db, lease, [{ ...begun!, outcome }], { at: NOON, policy: 'resend' })
    await returnBatch(db, lease, 'resend', new Date(NOON.getTime() + 1))
    await deliver(services, deps, second)
    expect(await finish(services, deps)).toEqual(['skipped 0', 'accepted 6'])
  })
})

test('a digest follows its reader’s preferences; a resend shows the same papers', async ({ db }) => {
  const services = servicesOn(db)
  const { deps } = await workerWithSink(services)
  const editionId = await releasedEdition(services, '2026-04-14', 20)
  await db
    .update(papers)
    .set({ topics: ['speech'] })
    .where(sql`list_position IN (12, 15)`)
  const ada = await addSubscriber(db, 'ada@example.org', { size: 5, topics: ['speech'] })
  const ledger = async () => (await db.select().from(deliveries).where(eq(deliveries.subscriberId, ada)))[0]!
  const { batchIds } = await planAll(services, editionId)
  await deliverBatch(deps, batchIds[0]!, NEVER)
  const first = await ledger()
  expect({ shown: first.shown!.toString('hex'), own: first.own }).toEqual({ shown: 'e009', own: 2 })

  await db.update(subscribers).set({ topics: [], size: 20 })
  await db.update(deliveries).set({ state: 'deferred' })
  await db.execute(sql`UPDATE batches SET state = 'open', due_at = ${NOON}`)
  await deliverBatch(deps, batchIds[0]!, NEVER)
  expect(await ledger()).toMatchObject({ state: 'accepted', attempts: 2, shown: first.shown, own: 2 })
})

test.for([
  [199, []],
  [200, ['Paper 1 of 2026-04-13']],
] as const)(
  'only "still rising" repeats a paper, once its 100 votes have doubled: %d',
  async ([votes, repeated], { db }) => {
    const services = servicesOn(db)
    const { deps } = await workerWithSink(services)
    await addReaders(db, 1, { size: 20 })
    const [first, second] = await overlapping(services)
    await db.execute(sql`
    UPDATE edition_papers p SET section = 'rising', votes = ${votes} FROM papers
    WHERE papers.id = p.paper_id AND p.edition_id = ${second} AND papers.title = 'Paper 1 of 2026-04-13'`)
    for (const edition of [first, second]) {
      await deliverBatch(deps, (await planAll(services, edition)).batchIds[0]!, NEVER)
    }
    const { rows } = await db.execute<{ title: string }>(sql`
    SELECT papers.title FROM deliveries d JOIN edition_papers p ON p.edition_id = d.edition_id JOIN papers ON papers.id = p.paper_id
    WHERE d.edition_id = ${second} AND p.position < length(d.shown) * 8 AND get_bit(d.shown, p.position / 8 * 8 + 7 - p.position % 8) = 1 ORDER BY 1`)
    expect(rows.map(({ title }) => title)).toEqual([...repeated, 'Paper 1 of 2026-04-14', 'Paper 2 of 2026-04-14'])
    expect((await db.select().from(editions)).length).toBe(2)
  },
)
