import { asc, eq, sql } from 'drizzle-orm'
import { describe, expect } from 'vitest'
import { countAudience } from '../../../src/delivery/plan/audience.ts'
import { planAll, unplannedEditions } from '../../../src/delivery/plan/plan-all.ts'
import { planDue } from '../../../src/delivery/plan/plan-due.ts'
import { deliverBatch } from '../../../src/delivery/send/deliver-batch.ts'
import { assemble } from '../../../src/edition/draft/assemble.ts'
import { cancel, hold } from '../../../src/edition/draft/control.ts'
import { release } from '../../../src/edition/draft/release.ts'
import type { Db } from '../../../src/runtime/db/database.ts'
import { batches, deliveries, editions, papers, subscribers } from '../../../src/runtime/db/schema.ts'
import type { Services } from '../../../src/runtime/services.ts'
import { test } from '../../support/database.ts'
import { NEVER, sinkThat, workerOn } from '../../support/sending.ts'
import { addPapers, addReaders, addSubscriber, releasedEdition, servicesOn } from '../../support/services.ts'
import type { Sink } from '../../support/sink.ts'

/** Wednesday's eight o'clock: Tuesday's list (2026-04-14) closed at 02:00 and is released at 03:00. */
const EIGHT = new Date('2026-04-15T08:00:00Z')
const hoursAfter = (at: Date, hours: number) => new Date(at.getTime() + hours * 3_600_000)
const clockAt = (now: Date) => ({ now })

/** Lists readers with their editions, as "ada 2026-04-14". */
async function ledger(db: Db): Promise<string[]> {
  const { rows } = await db.execute<{ entry: string }>(sql`
    SELECT split_part(s.email, '@', 1) || ' ' || CASE WHEN e.kind = 'weekly' THEN 'week of ' ELSE '' END || e.date AS entry
    FROM deliveries d JOIN subscribers s ON s.id = d.subscriber_id JOIN editions e ON e.id = d.edition_id ORDER BY entry`)
  return rows.map((row) => row.entry)
}

const nextDigestOf = async (db: Db, id: number) =>
  (
    await db.select({ at: subscribers.nextDigestAt }).from(subscribers).where(eq(subscribers.id, id))
  )[0]!.at!.toISOString()

describe('a reader whose hour has come', () => {
  test('gets the newest edition and a new next hour; other readers do not change', async ({ db }) => {
    const services = servicesOn(db, {}, clockAt(hoursAfter(EIGHT, 0.01)))
    await releasedEdition(services)
    const due = await addSubscriber(db, 'due@example.org', { nextDigestAt: EIGHT })
    const later = await addSubscriber(db, 'later@example.org', { nextDigestAt: hoursAfter(EIGHT, 1), hour: 9 })
    for (const status of ['pending', 'unsubscribed', 'bounced', 'complained'] as const) {
      await addSubscriber(db, `${status}@example.org`, { status, nextDigestAt: EIGHT })
    }
    expect(await planDue(services)).toMatchObject({ deliveries: 1 })
    expect(await ledger(db)).toEqual(['due 2026-04-14'])
    expect(await nextDigestOf(db, due)).toBe('2026-04-16T08:00:00.000Z')
    expect(await nextDigestOf(db, later)).toBe('2026-04-15T09:00:00.000Z')
    const others = await db.select().from(subscribers).where(sql`status <> 'active'`)
    expect(others.map((row) => row.nextDigestAt)).toEqual([EIGHT, EIGHT, EIGHT, EIGHT])
    expect((await db.select().from(editions))[0]!.state).toBe('sending')
  })

  test('is planned with thousands of the same minute, each with the next hour of their own zone', async ({ db }) => {
    const services = servicesOn(db, {}, clockAt(hoursAfter(EIGHT, 0.01)))
    await releasedEdition(services)
    await db.execute(sql`
      INSERT INTO subscribers (email, email_key, status, next_digest_at, zone, hour, cadence, paused_until, confirmed_at)
      SELECT email, email, 'active', ${EIGHT}, (ARRAY['UTC', 'Europe/Berlin', 'Asia/Kolkata', 'No/Such_Zone'])[n % 4 + 1], n % 24, 'daily',
        CASE WHEN n % 7 = 0 THEN ${hoursAfter(EIGHT, 50)}::timestamptz END, ${EIGHT}
      FROM (SELECT n, 'r' || n || '@example.org' AS email FROM generate_series(1, 3000) AS n) AS made`)
    const steps: number[] = []
    const { deliveries: planned } = await planDue(services, (batchIds) => steps.push(batchIds.length))
    expect(planned).toBe(3000 - Math.floor(3000 / 7))
    // The first step is one batch, so that sending starts at once.
    expect(steps).toEqual([1, 9, 1])
    const { rows } = await db.execute(sql`
      SELECT id FROM subscribers WHERE next_digest_at IS DISTINCT FROM
        next_digest_at(zone, hour, cadence, weekday, greatest(${services.now()}::timestamptz, paused_until - interval '1 microsecond'))`)
    expect(rows).toEqual([])
  })

  test('has a delivery that expires DIGEST_EXPIRY_HOURS after the hour, not after planning', async ({ db }) => {
    const services = servicesOn(db, { DIGEST_EXPIRY_HOURS: '20' }, clockAt(hoursAfter(EIGHT, 3)))
    await releasedEdition(services)
    await addSubscriber(db, 'ada@example.org', { nextDigestAt: EIGHT })
    await planDue(services)
    expect((await db.select().from(deliveries))[0]!.expiresAt).toEqual(hoursAfter(EIGHT, 20))
  })

  test('is planned once, although planners run concurrently and again a minute later', async ({ db }) => {
    const clock = clockAt(hoursAfter(EIGHT, 0.01))
    const services = servicesOn(db, {}, clock)
    const editionId = await releasedEdition(services)
    await addReaders(db, 700, { nextDigestAt: EIGHT })
    const plans = await Promise.all([planDue(services), planDue(services), planDue(services)])
    expect(plans.reduce((sum, plan) => sum + plan.deliveries, 0)).toBe(700)
    expect(await db.$count(deliveries, eq(deliveries.editionId, editionId))).toBe(700)
    const known = (await db.select().from(batches)).map((batch) => batch.id)
    expect(plans.flatMap((plan) => plan.batchIds).sort()).toEqual(known.sort())
    clock.now = hoursAfter(EIGHT, 0.03)
    expect(await planDue(services)).toEqual({ batchIds: [], deliveries: 0 })
    expect(await db.$count(deliveries)).toBe(700)
  })

  test('waits while the closed list day is a draft, and gets no older edition', async ({ db }) => {
    const clock = clockAt(hoursAfter(EIGHT, 0.01))
    const services = servicesOn(db, {}, clock)
    await releasedEdition(services, '2026-04-13')
    await addPapers(db, '2026-04-14', 3)
    const ada = await addSubscriber(db, 'ada@example.org', { nextDigestAt: EIGHT })
    expect((await planDue(services)).deliveries, 'papers are there, nothing assembled yet').toBe(0)
    await assemble(services, { date: '2026-04-14' })
    expect((await planDue(services)).deliveries, 'a draft').toBe(0)
    expect(await nextDigestOf(db, ada)).toBe(EIGHT.toISOString())
    await release(services, { date: '2026-04-14' })
    clock.now = hoursAfter(EIGHT, 11.9)
    expect((await planDue(services)).deliveries).toBe(1)
    expect(await ledger(db)).toEqual(['ada 2026-04-14'])
  })

  test('does not wait for a list day that is still open, one without papers, or a cancelled edition', async ({
    db,
  }) => {
    const services = servicesOn(db, {}, clockAt(hoursAfter(EIGHT, 0.01)))
    await releasedEdition(services, '2026-04-13')
    await addPapers(db, '2026-04-15', 3)
    await addSubscriber(db, 'ada@example.org', { nextDigestAt: EIGHT })
    await planDue(services)
    expect(await ledger(db), 'nothing on the 14th').toEqual(['ada 2026-04-13'])
    await addPapers(db, '2026-04-14', 3)
    await assemble(services, { date: '2026-04-14' })
    await cancel(services, { kind: 'daily', date: '2026-04-14' })
    await addSubscriber(db, 'bob@example.org', { nextDigestAt: EIGHT })
    await planDue(services)
    expect(await ledger(db)).toEqual(['ada 2026-04-13', 'bob 2026-04-13'])
  })
})

describe('DIGEST_FRESHNESS_HOURS after their hour', () => {
  test('a day whose edition is held that long is skipped, not sent late', async ({ db }) => {
    const clock = clockAt(hoursAfter(EIGHT, 12.01))
    const services = servicesOn(db, {}, clock)
    await addPapers(db, '2026-04-14', 3)
    await assemble(services, { date: '2026-04-14' })
    await hold(services, { kind: 'daily', date: '2026-04-14' })
    const ada = await addSubscriber(db, 'ada@example.org', { nextDigestAt: EIGHT })
    await planDue(services)
    expect(await nextDigestOf(db, ada)).toBe('2026-04-16T08:00:00.000Z')
    await release(services, { date: '2026-04-14' })
    clock.now = hoursAfter(EIGHT, 13)
    await planDue(services)
    expect(await ledger(db)).toEqual([])
  })

  test('readers due during an outage are skipped; those due later are not', async ({ db }) => {
    const services = servicesOn(db, {}, clockAt(hoursAfter(EIGHT, 12.5)))
    await releasedEdition(services)
    await addSubscriber(db, 'stale@example.org', { nextDigestAt: EIGHT })
    await addSubscriber(db, 'fresh@example.org', { nextDigestAt: hoursAfter(EIGHT, 1), hour: 9 })
    await planDue(services)
    expect(await ledger(db)).toEqual(['fresh 2026-04-14'])
  })

  test('an order to send now ignores freshness', async ({ db }) => {
    const services = servicesOn(db, {}, clockAt(hoursAfter(EIGHT, 48)))
    await addSubscriber(db, 'ada@example.org', { nextDigestAt: EIGHT })
    await planAll(services, await releasedEdition(services))
    expect(await ledger(db)).toEqual(['ada 2026-04-14'])
  })
})

describe('the choice of edition', () => {
  test("a weekdays reader's Monday digest is Friday's list, also after a weekend list", async ({ db }) => {
    const monday = new Date('2026-04-20T08:00:00Z')
    const services = servicesOn(db, {}, clockAt(hoursAfter(monday, 0.01)))
    for (const date of ['2026-04-17', '2026-04-18']) await releasedEdition(services, date, 2)
    await addPapers(db, '2026-04-19', 2) // Sunday's is not even released: it is nothing to wait for
    const id = await addSubscriber(db, 'ada@example.org', { cadence: 'weekdays', nextDigestAt: monday })
    await planDue(services)
    expect(await ledger(db)).toEqual(['ada 2026-04-17'])
    expect(await nextDigestOf(db, id)).toBe('2026-04-21T08:00:00.000Z')
  })

  test('a new reader gets the newest edition once, and no older one the next day', async ({ db }) => {
    const clock = clockAt(hoursAfter(EIGHT, 0.01))
    const services = servicesOn(db, {}, clock)
    for (const date of ['2026-04-12', '2026-04-13', '2026-04-14']) await releasedEdition(services, date, 2)
    await addSubscriber(db, 'ada@example.org', { nextDigestAt: EIGHT })
    await planDue(services)
    for (const day of [1, 2, 3]) {
      clock.now = hoursAfter(EIGHT, 24 * day + 0.01)
      await planDue(services)
    }
    expect(await ledger(db)).toEqual(['ada 2026-04-14'])
  })

  test('daily and weekly readers each get their kind', async ({ db }) => {
    const monday = new Date('2026-04-20T08:00:00Z')
    const services = servicesOn(db, {}, clockAt(hoursAfter(monday, 0.01)))
    await releasedEdition(services, '2026-04-19', 2)
    await assemble(services, { kind: 'weekly', date: '2026-04-13' })
    const weekly = await addSubscriber(db, 'weekly@example.org', { cadence: 'weekly', nextDigestAt: monday })
    await addSubscriber(db, 'daily@example.org', { nextDigestAt: monday })
    await planDue(services)
    expect(await ledger(db), 'the week is still a draft').toEqual(['daily 2026-04-19'])
    await release(services, { kind: 'weekly', date: '2026-04-13' })
    await planDue(services)
    expect(await ledger(db)).toEqual(['daily 2026-04-19', 'weekly week of 2026-04-13'])
    expect(await nextDigestOf(db, weekly)).toBe('2026-04-27T08:00:00.000Z')
  })

  test('daily and weekdays readers who get the same edition share a batch', async ({ db }) => {
    const services = servicesOn(db, {}, clockAt(hoursAfter(EIGHT, 0.01)))
    await releasedEdition(services)
    await addSubscriber(db, 'daily@example.org', { nextDigestAt: EIGHT })
    await addSubscriber(db, 'weekdays@example.org', { nextDigestAt: EIGHT, cadence: 'weekdays' })
    const { batchIds } = await planDue(services)
    expect(batchIds).toHaveLength(1)
    expect(await ledger(db)).toEqual(['daily 2026-04-14', 'weekdays 2026-04-14'])
  })

  test('a pause may end at the hour of a digest: it comes then', async ({ db }) => {
    const services = servicesOn(db, {}, clockAt(hoursAfter(EIGHT, 0.01)))
    await releasedEdition(services)
    const pausedUntil = hoursAfter(EIGHT, 7 * 24)
    const paused = await addSubscriber(db, 'paused@example.org', { nextDigestAt: EIGHT, pausedUntil })
    await planDue(services)
    expect(await nextDigestOf(db, paused)).toBe(pausedUntil.toISOString())
  })

  test('a paused reader gets none, and is due again at their hour after the pause', async ({ db }) => {
    const services = servicesOn(db, {}, clockAt(hoursAfter(EIGHT, 0.01)))
    const editionId = await releasedEdition(services)
    const pausedUntil = new Date('2026-04-22T10:00:00Z')
    const paused = await addSubscriber(db, 'paused@example.org', { nextDigestAt: EIGHT, pausedUntil })
    await addSubscriber(db, 'back@example.org', { nextDigestAt: EIGHT, pausedUntil: EIGHT })
    await planDue(services)
    expect(await nextDigestOf(db, paused)).toBe('2026-04-23T08:00:00.000Z')
    await planAll(services, editionId)
    expect(await ledger(db)).toEqual(['back 2026-04-14'])
  })
})

describe('send to all now', () => {
  test('reaches every active reader of its kind at any hour, and keeps existing rows', async ({ db }) => {
    const services = servicesOn(db, {}, clockAt(hoursAfter(EIGHT, 0.01)))
    const editionId = await releasedEdition(services)
    await addSubscriber(db, 'due@example.org', { nextDigestAt: EIGHT })
    await addSubscriber(db, 'weekly@example.org', { cadence: 'weekly' })
    await addSubscriber(db, 'weekdays@example.org', { cadence: 'weekdays' })
    await addSubscriber(db, 'later@example.org')
    await addSubscriber(db, 'left@example.org', { status: 'unsubscribed' })
    await planDue(services)
    const edition = { id: editionId, kind: 'daily', date: '2026-04-14' } as const
    expect(await countAudience(services, edition)).toEqual({ asked: 2, others: 1 })
    expect(await planAll(services, editionId)).toMatchObject({ deliveries: 2 })
    expect(await ledger(db)).toEqual(['due 2026-04-14', 'later 2026-04-14', 'weekdays 2026-04-14'])
    expect(await planAll(services, editionId)).toEqual({ batchIds: [], deliveries: 0 })
    await db.update(editions).set({ plannedAt: null, toEveryone: true })
    expect(await planAll(services, editionId), 'to everyone').toMatchObject({ deliveries: 1 })
    expect(await ledger(db)).toContain('weekly 2026-04-14')
    expect(await countAudience(services, edition)).toEqual({ asked: 0, others: 0 })
  })

  test('with a weekend list reaches no weekdays reader; with a weekly, only weekly readers', async ({ db }) => {
    const services = servicesOn(db, {}, clockAt(new Date('2026-04-20T08:00:00Z')))
    const saturday = await releasedEdition(services, '2026-04-18')
    const { editionId: week } = await assemble(services, { kind: 'weekly', date: '2026-04-13' })
    await release(services, { kind: 'weekly', date: '2026-04-13' })
    for (const cadence of ['daily', 'weekdays', 'weekly'] as const)
      await addSubscriber(db, `${cadence}@example.org`, { cadence })
    await planAll(services, saturday)
    await planAll(services, week)
    expect(await ledger(db)).toEqual(['daily 2026-04-18', 'weekly week of 2026-04-13'])
  })

  test('from several processes is planned by one of them, without extra batches', async ({ db }) => {
    await addReaders(db, 3000)
    const services = servicesOn(db)
    const editionId = await releasedEdition(services)
    const plans = await Promise.all(
      [false, false, true, true].map((skipIfBusy) => planAll(services, editionId, { skipIfBusy })),
    )
    expect(plans.map((plan) => plan.deliveries).sort((a, b) => b - a)).toEqual([3000, 0, 0, 0])
    const { rows } = await db.execute(sql`
      SELECT count(*)::int AS readers FROM deliveries GROUP BY batch_id ORDER BY 1 DESC`)
    expect(rows).toEqual(Array.from({ length: 12 }, () => ({ readers: 250 })))
    expect(await db.$count(batches)).toBe(12)
  })

  test('ordered again during planning, also reaches readers it had passed', async ({ db }) => {
    const back = await addSubscriber(db, 'back@example.org', { pausedUntil: new Date('2099-01-01') })
    await addReaders(db, 600)
    const services = servicesOn(db)
    const editionId = await releasedEdition(services)
    const order = () => db.update(editions).set({ sendAllAt: new Date(), plannedAt: null })
    await order()
    let ordered: Promise<unknown> | undefined
    const first = await planAll(services, editionId, {
      onPlanned: () => {
        ordered ??= db.update(subscribers).set({ pausedUntil: null }).where(eq(subscribers.id, back)).then(order)
      },
    })
    await ordered
    expect(first.deliveries).toBe(600)
    expect(await unplannedEditions(db)).toEqual([{ id: editionId }])
    expect(await planAll(services, editionId)).toMatchObject({ deliveries: 1 })
    expect(await unplannedEditions(db)).toEqual([])
  })

  test('survives the loss of its lock’s connection; the next process plans the rest', async ({ db }) => {
    await addReaders(db, 600)
    const services = servicesOn(db)
    const editionId = await releasedEdition(services)
    // Its first step waits until the connection that holds the lock is gone.
    await db.execute(sql`CREATE FUNCTION cut() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
      PERFORM pg_terminate_backend(pid, 5000) FROM pg_locks
        WHERE locktype = 'advisory' AND objid = NEW.edition_id::oid AND objsubid = 2 AND pid <> pg_backend_pid()
          AND database = (SELECT oid FROM pg_database WHERE datname = current_database());
      RETURN NEW; END $$`)
    await db.execute(sql`CREATE TRIGGER cut BEFORE INSERT ON batches FOR EACH ROW EXECUTE FUNCTION cut()`)
    await expect(planAll(services, editionId)).rejects.toThrow()
    await db.execute(sql`DROP TRIGGER cut ON batches`)
    await planAll(services, editionId)
    expect(await db.$count(deliveries)).toBe(600)
  })

  test('continues after a crash: every reader once', async ({ db }) => {
    const services = servicesOn(db)
    const editionId = await releasedEdition(services)
    await addReaders(db, 600)
    await db.update(editions).set({ sendAllAt: services.now() })
    await db.execute(
      sql`CREATE FUNCTION crash() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'the power went'; END $$`,
    )
    await db.execute(sql`
      CREATE TRIGGER crash BEFORE INSERT ON deliveries FOR EACH ROW WHEN (NEW.subscriber_id > 300) EXECUTE FUNCTION crash()`)
    await expect(planAll(services, editionId)).rejects.toThrow()
    expect(await db.$count(deliveries)).toBe(250)
    expect(await unplannedEditions(db)).toEqual([{ id: editionId }])

    await db.execute(sql`DROP TRIGGER crash ON deliveries`)
    expect(await planAll(services, editionId)).toMatchObject({ deliveries: 350 })
    expect(await db.$count(deliveries)).toBe(600)
    expect(await unplannedEditions(db)).toEqual([])
  })
})

test('rule 1: the database refuses a second row for a reader and edition', async ({ db }) => {
  const services = servicesOn(db)
  const editionId = await releasedEdition(services)
  await addSubscriber(db, 'ada@example.org')
  await planAll(services, editionId)
  const [row] = await db.select().from(deliveries)
  const [other] = await db.insert(batches).values({ editionId, dueAt: EIGHT }).returning()
  const again = db.insert(deliveries).values({ ...row!, batchId: other!.id, state: 'queued' })
  await expect(again).rejects.toMatchObject({ cause: { code: '23505' } })
})

describe('rule 6: no reader gets the same paper twice', () => {
  /** Sends an edition to every reader without it, and returns the titles each got. */
  async function sendToAll(services: Services, worker: ReturnType<typeof workerOn>, sink: Sink, editionId: number) {
    const before = sink.taken.length
    await services.db.update(editions).set({ plannedAt: null, toEveryone: true }).where(eq(editions.id, editionId))
    for (const batchId of (await planAll(services, editionId)).batchIds) await deliverBatch(worker, batchId, NEVER)
    const got: Record<string, string[]> = {}
    for (const { to } of sink.taken.slice(before)) {
      // Headings are its papers; the lead and the rest of the list may name others.
      const headings = String((await sink.read(to)).html).match(/<h3.*?<\/h3>/gs)!
      got[to.split('@')[0]!] = headings.flatMap((heading) => heading.match(/Paper \d+ of [\d-]+/g) ?? [])
    }
    return got
  }
  /** The list of the 14th has one new paper, and those of the 13th that moved. */
  async function moveToNextDay(db: Db, titles: string[]) {
    await addPapers(db, '2026-04-14', 1)
    for (const title of titles) await db.update(papers).set({ listDay: '2026-04-14' }).where(eq(papers.title, title))
  }

  test('a paper that moved to a later list day is omitted only for readers who had it', async ({ db }) => {
    const services = servicesOn(db)
    const sink = await sinkThat()
    const worker = workerOn(services, sink.url)
    await addSubscriber(db, 'ada@example.org', { size: 2 })
    await sendToAll(services, worker, sink, await releasedEdition(services, '2026-04-13', 3))
    await addSubscriber(db, 'bob@example.org', { size: 5 })
    await moveToNextDay(db, ['Paper 2 of 2026-04-13', 'Paper 3 of 2026-04-13'])
    const { editionId } = await assemble(services, { date: '2026-04-14' })
    await release(services, { date: '2026-04-14' })
    const got = await sendToAll(services, worker, sink, editionId)
    expect(got.ada, 'had 1 and 2, not 3').toEqual(['Paper 1 of 2026-04-14', 'Paper 3 of 2026-04-13'])
    expect(new Set(got.bob)).toEqual(
      new Set(['Paper 1 of 2026-04-14', 'Paper 2 of 2026-04-13', 'Paper 3 of 2026-04-13']),
    )
  })

  test('a reader who had everything is skipped, "nothing new"', async ({ db }) => {
    const services = servicesOn(db)
    const sink = await sinkThat()
    const worker = workerOn(services, sink.url)
    const ada = await addSubscriber(db, 'ada@example.org')
    await sendToAll(services, worker, sink, await releasedEdition(services, '2026-04-13', 2))
    await addSubscriber(db, 'bob@example.org')
    await db.update(papers).set({ listDay: '2026-04-14' })
    const { editionId } = await assemble(services, { date: '2026-04-14' })
    await release(services, { date: '2026-04-14' })
    expect(Object.keys(await sendToAll(services, worker, sink, editionId))).toEqual(['bob'])
    const rows = await db.select().from(deliveries).where(eq(deliveries.editionId, editionId))
    expect(rows.find((row) => row.subscriberId === ada)).toMatchObject({ state: 'skipped', reply: 'nothing new' })
  })

  test('a weekly edition omits papers that the dailies showed', async ({ db }) => {
    const services = servicesOn(db)
    const sink = await sinkThat()
    const worker = workerOn(services, sink.url)
    await addSubscriber(db, 'ada@example.org', { size: 2 })
    for (const date of ['2026-04-13', '2026-04-14']) {
      await sendToAll(services, worker, sink, await releasedEdition(services, date, 3))
    }
    await db.update(subscribers).set({ size: 20 })
    const { editionId } = await assemble(services, { kind: 'weekly', date: '2026-04-13' })
    await release(services, { kind: 'weekly', date: '2026-04-13' })
    const got = await sendToAll(services, worker, sink, editionId)
    expect(got.ada!.toSorted()).toEqual(['Paper 3 of 2026-04-13', 'Paper 3 of 2026-04-14'])
  })

  test('a deferred digest counts as shown, a skipped one does not', async ({ db }) => {
    const services = servicesOn(db)
    const sink = await sinkThat()
    const worker = workerOn(services, sink.url)
    const ada = await addSubscriber(db, 'ada@example.org')
    const bob = await addSubscriber(db, 'bob@example.org')
    const first = await releasedEdition(services, '2026-04-13', 2)
    await sendToAll(services, worker, sink, first)
    await db.update(deliveries).set({ state: 'deferred' }).where(eq(deliveries.subscriberId, ada))
    await db.update(deliveries).set({ state: 'skipped' }).where(eq(deliveries.subscriberId, bob))
    await moveToNextDay(db, ['Paper 1 of 2026-04-13', 'Paper 2 of 2026-04-13'])
    const { editionId } = await assemble(services, { date: '2026-04-14' })
    await release(services, { date: '2026-04-14' })
    const got = await sendToAll(services, worker, sink, editionId)
    expect(got.ada).toEqual(['Paper 1 of 2026-04-14'])
    expect(got.bob).toHaveLength(3)
  })

  test('also when the other edition was released after this one’s first attempt', async ({ db }) => {
    const services = servicesOn(db)
    const sink = await sinkThat()
    const worker = workerOn(services, sink.url)
    await addSubscriber(db, 'bob@example.org')
    const first = await releasedEdition(services, '2026-04-13', 3)
    await sendToAll(services, worker, sink, first)
    await moveToNextDay(db, ['Paper 1 of 2026-04-13'])
    const { editionId: second } = await assemble(services, { date: '2026-04-14' })
    await release(services, { date: '2026-04-14' })
    await addSubscriber(db, 'ada@example.org')
    expect((await sendToAll(services, worker, sink, second)).ada).toContain('Paper 1 of 2026-04-13')
    const got = await sendToAll(services, worker, sink, first)
    expect(got).toEqual({ ada: ['Paper 2 of 2026-04-13', 'Paper 3 of 2026-04-13'] })
  })
})

test('readers of every cadence who are due at one hour get the next hour of their own', async ({ db }) => {
  const friday = new Date('2026-04-17T08:00:00Z')
  const services = servicesOn(db, {}, clockAt(hoursAfter(friday, 0.01)))
  const due = { nextDigestAt: friday, weekday: 5 }
  const add = (cadence: 'daily' | 'weekdays' | 'weekly', zone: string, hour: number) =>
    addSubscriber(db, `${cadence}@${zone.toLowerCase().replace('/', '-')}.example`, { ...due, cadence, zone, hour })
  const ids: number[] = []
  for (const [zone, hour] of [
    ['UTC', 8],
    ['Asia/Tokyo', 17],
  ] as const)
    for (const cadence of ['weekly', 'daily', 'weekdays'] as const) ids.push(await add(cadence, zone, hour))
  await planDue(services)
  const next = await Promise.all(ids.map((id) => nextDigestOf(db, id)))
  const expected = ['2026-04-24', '2026-04-18', '2026-04-20'].map((day) => `${day}T08:00:00.000Z`)
  expect(next).toEqual([...expected, ...expected])
})

test('more readers than one statement takes are planned, also beside a few of another cadence', async ({ db }) => {
  const services = servicesOn(db, {}, clockAt(hoursAfter(EIGHT, 0.01)))
  await releasedEdition(services)
  await addReaders(db, 260, { nextDigestAt: EIGHT })
  await addSubscriber(db, 'weekdays@example.org', { nextDigestAt: EIGHT, cadence: 'weekdays' })
  expect((await planDue(services)).deliveries).toBe(261)
})

test('readers are planned oldest hour first, in batches that workers can share', async ({ db }) => {
  const services = servicesOn(db, {}, clockAt(hoursAfter(EIGHT, 2)))
  await releasedEdition(services)
  await addReaders(db, 260, { nextDigestAt: hoursAfter(EIGHT, 1), hour: 9 })
  const first = await addSubscriber(db, 'early@example.org', { nextDigestAt: EIGHT })
  const { batchIds } = await planDue(services)
  expect(batchIds.length).toBeGreaterThan(1)
  const oldest = await db.select().from(deliveries).orderBy(asc(deliveries.batchId), asc(deliveries.expiresAt)).limit(1)
  expect(oldest[0]!.subscriberId).toBe(first)
})
