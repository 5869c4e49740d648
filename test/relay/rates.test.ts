import { eq, sql } from 'drizzle-orm'
import { describe, expect } from 'vitest'
import { dayOf } from '../../src/calendar/days.ts'
import { dueBatches } from '../../src/delivery/ledger/batches.ts'
import { planAll } from '../../src/delivery/plan/plan-all.ts'
import { deliverBatch } from '../../src/delivery/send/deliver-batch.ts'
import { deliveryContextWith } from '../../src/delivery/send/delivery-context.ts'
import type { Outcome } from '../../src/relay/outcome.ts'
import { ALL, domainBucket, openRates, relayBucket, resetDomain } from '../../src/relay/rates.ts'
import { openRelays } from '../../src/relay/relays.ts'
import type { Db } from '../../src/runtime/db/database.ts'
import { batches, buckets, deliveries } from '../../src/runtime/db/schema.ts'
import type { Services } from '../../src/runtime/services.ts'
import { test } from '../support/database.ts'
import { closing, NEVER, sinkThat } from '../support/sending.ts'
import { addReaders, addSubscriber, NOON, releasedEdition, servicesOn } from '../support/services.ts'
import { type Sink, smtpReply } from '../support/sink.ts'

async function ratesWith(db: Db, settings: Record<string, string>, now?: () => Date) {
  const rates = openRates(db, servicesOn(db, settings).config, now)
  await rates.refresh()
  return rates
}
/** Lets time pass for a bucket. */
const pass = (db: Db, seconds: number) =>
  db.execute(sql`UPDATE buckets SET paid_until = paid_until - make_interval(secs => ${seconds}),
    slowed_at = slowed_at - make_interval(secs => ${seconds}), raised_at = raised_at - make_interval(secs => ${seconds})`)
const rateOf = async (db: Db, name: string) => (await db.select().from(buckets).where(eq(buckets.name, name)))[0]?.rate

describe('a bucket', () => {
  test('grants at most a second’s worth to concurrent callers', async ({ db }) => {
    await db.insert(buckets).values({ name: ALL, rate: 0.0001 })
    const workers = await Promise.all([1, 2, 3].map(() => ratesWith(db, { SEND_RATE_PER_SECOND: '20' })))
    await db.update(buckets).set({ rate: 20, paidUntil: sql`now() + interval '1 hour'` })
    // To a second ago: the clock of this process has whole milliseconds, so it may still be behind the database's `now()`.
    await pass(db, 3601)
    const slices = await Promise.all(workers.flatMap((rates) => [1, 2, 3, 4].map(() => rates.take(ALL, 7))))
    const granted = slices.reduce((sum, slice) => sum + slice.granted, 0)
    // The statements take time, in which a little more is granted.
    expect(granted).toBeGreaterThanOrEqual(20)
    expect(granted).toBeLessThanOrEqual(40)
    const empty = slices.find((slice) => slice.granted === 0)!
    expect(empty.retryMs).toBeGreaterThan(0)
    expect(empty.retryMs).toBeLessThan(1100)
  })

  test('with less than one a second grants one, then none until the next is due', async ({ db }) => {
    const rates = await ratesWith(db, { SEND_RATE_PER_SECOND: '0.1' })
    expect(await rates.take(ALL, 5)).toMatchObject({ granted: 1 })
    const none = await rates.take(ALL, 5)
    expect(none.granted).toBe(0)
    expect(none.retryMs).toBeGreaterThan(8_000)
    await pass(db, 11)
    expect(await rates.take(ALL, 5)).toMatchObject({ granted: 1 })
  })

  test('exists only while a setting configures it', async ({ db }) => {
    const rates = await ratesWith(db, { DOMAIN_RATES: 'Example.org=5, slow.example=0.5' })
    expect((await db.select().from(buckets)).map((row) => [row.name, row.rate]).sort()).toEqual([
      ['domain example.org', 5],
      ['domain slow.example', 0.5],
    ])
    expect(rates.limited(domainBucket('example.org'))).toBe(true)
    expect(rates.limited(ALL)).toBe(false)
    await ratesWith(db, {})
    expect(await db.$count(buckets)).toBe(0)
  })

  test('that a setting changes or ends moves the batches that wait for it to its new rate', async ({ db }) => {
    const at = new Date('2026-04-15T12:00:00Z')
    const editionId = await releasedEdition(servicesOn(db))
    const startWith = (settings: Record<string, string>) =>
      openRates(db, servicesOn(db, settings).config, () => at).refresh()
    await startWith({ DOMAIN_RATES: 'slow.example=0.1,other.example=0.1' })
    const booked = (domain: string) => ({
      editionId,
      dueAt: new Date(at.getTime() + 3_600_000),
      booked: `domain ${domain}`,
    })
    await db.insert(batches).values([booked('slow.example'), booked('other.example')])
    const waits = async () =>
      Object.fromEntries(
        (await db.select().from(batches)).map((one) => [one.booked, (one.dueAt.getTime() - at.getTime()) / 1000]),
      )
    await startWith({ DOMAIN_RATES: 'slow.example=0.4,other.example=0.1' })
    expect(await waits()).toEqual({ 'domain slow.example': 900, 'domain other.example': 3600 })
    await startWith({ DOMAIN_RATES: 'slow.example=0.4,other.example=0.1' })
    expect(await waits(), 'another worker that starts').toEqual({
      'domain slow.example': 900,
      'domain other.example': 3600,
    })
    await startWith({ DOMAIN_RATES: 'other.example=0.1' })
    expect(await waits()).toEqual({ 'domain slow.example': 0, 'domain other.example': 3600 })
  })

  test('with a warm-up grants the day’s number, and more the next day', async ({ db }) => {
    const today = dayOf(NOON)
    const at = { now: NOON }
    const url = `smtp://mail.example?name=new&warmup=${today}:30,60`
    const rates = await ratesWith(db, { SMTP_URL: url }, () => at.now)
    const take = (want: number) => rates.take(relayBucket('new'), want, { from: today, perDay: [30, 60] })
    expect((await take(20)).granted).toBe(20)
    expect((await take(20)).granted).toBe(10)
    expect((await take(20)).granted).toBe(0)
    at.now = new Date(NOON.getTime() + 86_400_000)
    expect((await take(100)).granted, 'another day begins at nothing').toBe(60)
    const over = await rates.take(relayBucket('new'), 500, { from: '2020-01-01', perDay: [1] })
    expect(over.granted, 'after the curve there is no limit').toBe(500)
  })
})

describe('a relay or domain that asks us to slow down', () => {
  const asks: Outcome = { state: 'deferred', slow: 'domain', reply: '451 4.7.0 too fast' }
  const accepted: Outcome = { state: 'accepted', reply: '250 ok' }
  const bucket = domainBucket('example.org')
  /** Rates with a clock that only replies advance. */
  async function ratesAt(db: Db, settings: Record<string, string> = {}) {
    const at = { ms: Date.parse('2026-04-15T12:00:00Z') }
    const rates = openRates(db, servicesOn(db, settings).config, () => new Date(at.ms))
    await rates.refresh()
    const answer = async (outcome: Outcome, count: number, perSecond = 40) => {
      for (let n = 0; n < count; n++) {
        at.ms += 1000 / perSecond
        await rates.recordReply(bucket, outcome)
      }
    }
    return { rates, at, answer }
  }

  test('gets half its rate, but at least one a second', async ({ db }) => {
    const { answer, at } = await ratesAt(db)
    await answer(asks, 19)
    expect(await rateOf(db, bucket), 'too few replies say nothing').toBeUndefined()
    await answer(asks, 1)
    expect(await rateOf(db, bucket)).toBeCloseTo(21, 0)
    await answer(asks, 20)
    expect(await rateOf(db, bucket), 'the same event').toBeCloseTo(21, 0)
    for (let n = 0; n < 8; n++) {
      at.ms += 6_000
      await answer(asks, 20)
    }
    expect(await rateOf(db, bucket)).toBe(1)
  })

  test('is not slowed by a few readers of a domain', async ({ db }) => {
    const { answer } = await ratesAt(db)
    for (let n = 0; n < 40; n++) {
      await answer(accepted, 9)
      await answer(asks, 1)
    }
    expect(await db.$count(buckets)).toBe(0)
  })

  test('counts only replies to messages', async ({ db }) => {
    const { answer } = await ratesAt(db)
    await answer({ state: 'deferred', relayDown: true, reply: 'no relay can be used' }, 50)
    await answer(asks, 5)
    await answer({ state: 'queued', reply: '' }, 50)
    await answer(accepted, 15)
    await answer(asks, 1)
    expect(await rateOf(db, bucket), '6 of 21').toBeDefined()
  })

  test('recovers as replies improve, and becomes free above its earlier rate', async ({ db }) => {
    const { rates, answer, at } = await ratesAt(db)
    await answer(asks, 20)
    const slowed = (await rateOf(db, bucket))!
    await rates.refresh()
    const rising: number[] = [slowed]
    for (let n = 0; n < 12; n++) {
      await answer(accepted, 20, rising.at(-1)!)
      const rate = await rateOf(db, bucket)
      if (rate === undefined) break
      rising.push(rate)
    }
    expect(rising).toEqual(rising.toSorted((a, b) => a - b))
    expect(await db.$count(buckets), 'free again').toBe(0)
    expect(at.ms - Date.parse('2026-04-15T12:00:00Z'), 'within seconds').toBeLessThan(15_000)
  })

  test('is forgotten after an hour without a change', async ({ db }) => {
    const { rates, answer, at } = await ratesAt(db)
    await answer(asks, 20)
    await rates.refresh()
    expect(rates.limited(bucket)).toBe(true)
    at.ms += 3_601_000
    await rates.refresh()
    expect(rates.limited(bucket)).toBe(false)
  })

  test('never exceeds the configured rate', async ({ db }) => {
    const { answer } = await ratesAt(db, { DOMAIN_RATES: 'example.org=4' })
    await answer(asks, 20, 4)
    expect(await rateOf(db, bucket)).toBeLessThan(3)
    await answer(accepted, 200, 4)
    expect(await db.select().from(buckets)).toMatchObject([{ rate: 4, slowedAt: null, why: null }])
  })

  test('can be reset, which makes waiting batches due at once', async ({ db }) => {
    const services = servicesOn(db)
    const editionId = await releasedEdition(services)
    const { answer, at } = await ratesAt(db)
    await answer(asks, 20)
    const dueAt = new Date(at.ms + 600_000)
    await db.insert(batches).values({ editionId, dueAt, booked: bucket })
    expect(await resetDomain(db, 'Example.org', new Date(at.ms))).toBe(true)
    expect(await db.$count(buckets)).toBe(0)
    expect((await db.select().from(batches))[0]!.dueAt.getTime()).toBe(at.ms)
    expect(await resetDomain(db, 'example.org', new Date(at.ms)), 'again').toBe(false)
  })

  test('moves waiting batches to the new rate', async ({ db }) => {
    const editionId = await releasedEdition(servicesOn(db))
    const { rates, answer, at } = await ratesAt(db)
    await answer(asks, 20)
    await rates.refresh()
    const before = (await rateOf(db, bucket))!
    await db.insert(batches).values({ editionId, dueAt: new Date(at.ms + 600_000), booked: bucket })
    const waits = async () => ((await db.select().from(batches))[0]!.dueAt.getTime() - at.ms) / 1000
    await answer(accepted, 20, 1e6)
    const after = (await rateOf(db, bucket))!
    expect(after).toBeGreaterThan(before)
    expect(await waits()).toBeCloseTo((600 * before) / after, 0)
    at.ms += 6_000
    const left = await waits()
    await answer(asks, 20, 1e6)
    const slower = (await rateOf(db, bucket))!
    expect(slower).toBeLessThan(after)
    expect(await waits()).toBeCloseTo((left * after) / slower, 0)
  })
})

async function stage(
  db: Db,
  settings: Record<string, string>,
  sink: Sink,
  connections = 4,
  now: () => Date = () => new Date(),
) {
  const config = { SMTP_URL: sink.url, ...settings }
  const services: Services = { ...servicesOn(db, config), now }
  const rates = openRates(db, services.config, now)
  const relay = closing(openRelays({ ...services.config, SMTP_CONNECTIONS: connections }, { rates }))
  return deliveryContextWith(services, relay, rates)
}
describe('a batch', () => {
  test('goes out at SEND_RATE_PER_SECOND, and is returned between slices', async ({ db }) => {
    const at = { now: new Date('2026-04-15T12:00:00Z') }
    const sink = await sinkThat()
    // Another worker each time: one that was granted nothing asks again only when the machine's own clock says so.
    const worker = () => stage(db, { SEND_RATE_PER_SECOND: '20' }, sink, 4, () => at.now)
    await addReaders(db, 60)
    const planner = await worker()
    const { batchIds } = await planAll(planner, await releasedEdition(planner))
    let turns = 0
    while (sink.taken.length < 60 && turns++ < 60) {
      await deliverBatch(await worker(), batchIds[0]!, NEVER)
      if (sink.taken.length < 60) at.now = (await db.select().from(batches))[0]!.dueAt
    }
    expect(sink.taken).toHaveLength(60)
    // A second's worth goes at once; 40 more take two seconds, but for the slice that is due when a quarter of it is.
    const seconds = (at.now.getTime() - Date.parse('2026-04-15T12:00:00Z')) / 1000
    expect(seconds).toBeGreaterThan(1.9)
    expect(seconds).toBeLessThan(3.1)
    expect(turns).toBeGreaterThan(2)
    expect(await dueBatches(db, at.now)).toEqual([])
    expect(await db.$count(deliveries, sql`hand_overs <> 1`)).toBe(0)
  })

  test('shares one rate with a concurrent batch', async ({ db }) => {
    const sink = await sinkThat()
    const context = await stage(db, { SEND_RATE_PER_SECOND: '10' }, sink)
    await addReaders(db, 500)
    const { batchIds } = await planAll(context, await releasedEdition(context))
    const began = Date.now()
    const tallies = await Promise.all(batchIds.map((id) => deliverBatch(context, id, NEVER)))
    expect(batchIds).toHaveLength(2)
    expect(tallies.filter((tally) => tally !== undefined)).not.toEqual([])
    expect(sink.taken.length).toBeLessThanOrEqual(10 * (1 + (Date.now() - began) / 1000))
  })

  test('sends a slow domain’s deliveries in slices of a second, and all others at once', async ({ db }) => {
    const at = { now: new Date('2026-04-15T12:00:00Z') }
    const sink = await sinkThat()
    const context = await stage(db, { DOMAIN_RATES: 'slow.example=5' }, sink, 4, () => at.now)
    for (let n = 0; n < 23; n++) await addSubscriber(db, `reader-${n}@slow.example`)
    await addReaders(db, 20)
    const { batchIds } = await planAll(context, await releasedEdition(context))
    expect(await deliverBatch(context, batchIds[0]!, NEVER)).toMatchObject({ accepted: 25, queued: 0 })
    const [rest, ...more] = await db.select().from(batches).where(eq(batches.booked, 'domain slow.example'))
    expect(more).toEqual([])
    expect(rest!.dueAt.getTime() - at.now.getTime()).toBe(1000)
    expect(await db.$count(deliveries, eq(deliveries.state, 'queued'))).toBe(18)
    for (const accepted of [5, 5, 5, 3]) {
      at.now = (await db.select().from(batches).where(eq(batches.id, rest!.id)))[0]!.dueAt
      expect(await deliverBatch(context, rest!.id, NEVER)).toMatchObject({ accepted })
    }
    expect(at.now.getTime() - Date.parse('2026-04-15T12:00:00Z')).toBe(4000)
    expect(await dueBatches(db, at.now)).toEqual([])
    expect(new Set(sink.taken.map((one) => one.to)).size).toBe(43)
  })

  test('of a slow domain queues behind batches that already wait', async ({ db }) => {
    const sink = await sinkThat()
    const context = await stage(db, { DOMAIN_RATES: 'slow.example=5' }, sink)
    for (let n = 0; n < 505; n++) await addSubscriber(db, `reader-${n}@slow.example`)
    const { batchIds } = await planAll(context, await releasedEdition(context))
    for (const id of batchIds.slice(0, 2)) await deliverBatch(context, id, NEVER)
    const [first, second] = await db
      .select()
      .from(batches)
      .where(eq(batches.booked, 'domain slow.example'))
      .orderBy(batches.dueAt)
    // 245 wait in the first one, at 5 a second.
    expect(second!.dueAt.getTime() - first!.dueAt.getTime()).toBeGreaterThan(45_000)
    expect(second!.dueAt.getTime() - first!.dueAt.getTime()).toBeLessThan(52_000)
  })

  test('slows a domain once a share of its replies asks for it', async ({ db }) => {
    let refusals = 0
    const sink = await sinkThat({
      recipient: (to) =>
        to.endsWith('@slow.example') && refusals++ < 30 ? smtpReply(451, '4.7.0 too fast') : undefined,
    })
    const context = await stage(db, {}, sink, 2)
    for (let n = 0; n < 240; n++) await addSubscriber(db, `reader-${n}@slow.example`)
    await addSubscriber(db, 'ada@example.org')
    const { batchIds } = await planAll(context, await releasedEdition(context))
    expect(await db.$count(buckets)).toBe(0)
    const tally = await deliverBatch(context, batchIds[0]!, NEVER)
    expect(await db.select().from(buckets)).toMatchObject([
      { name: 'domain slow.example', why: expect.stringContaining('too fast') },
    ])
    expect(tally!.deferred).toBeGreaterThan(0)
    expect(sink.taken.map((one) => one.to)).toContain('ada@example.org')
    expect(await db.$count(batches, eq(batches.booked, 'domain slow.example'))).toBe(1)
  })

  test('defers greylisted readers together and slows no one else', async ({ db }) => {
    const sink = await sinkThat({
      recipient: (to) => (/[05]@/.test(to) ? smtpReply(451, '4.7.1 Greylisted, try again later') : undefined),
    })
    const context = await stage(db, {}, sink)
    await addReaders(db, 240)
    const { batchIds } = await planAll(context, await releasedEdition(context))
    expect(await deliverBatch(context, batchIds[0]!, NEVER)).toMatchObject({ accepted: 192, deferred: 48 })
    expect(await db.$count(buckets)).toBe(0)
    expect(await db.$count(batches, eq(batches.state, 'open')), 'one later batch').toBe(1)
  })

  test('uses the second relay above the first one’s rate', async ({ db }) => {
    const [first, second] = [await sinkThat(), await sinkThat()]
    const context = await stage(db, { SMTP_URL: `${first.url}?name=first&rate=5,${second.url}?name=second` }, first)
    await addReaders(db, 40)
    const { batchIds } = await planAll(context, await releasedEdition(context))
    expect(await deliverBatch(context, batchIds[0]!, NEVER)).toMatchObject({ accepted: 40 })
    expect(first.taken.length).toBeGreaterThanOrEqual(5)
    expect(first.taken.length).toBeLessThan(25)
    const { rows } = await db.execute<{ relay: string; n: number }>(
      sql`SELECT relay, count(*)::int AS n FROM deliveries GROUP BY relay ORDER BY relay`,
    )
    expect(rows).toEqual([
      { relay: 'first', n: first.taken.length },
      { relay: 'second', n: second.taken.length },
    ])
  })
})
