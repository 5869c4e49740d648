import { eq, sql } from 'drizzle-orm'
import { afterEach, describe, expect } from 'vitest'
import { batchesToDo } from '../../src/delivery/ledger/batches.ts'
import { planAll } from '../../src/delivery/plan/plan-deliveries.ts'
import { deliverBatch } from '../../src/delivery/send/deliver-batch.ts'
import { handsWith } from '../../src/delivery/send/delivery-context.ts'
import { ALL, domainBucket, openRates, relayBucket } from '../../src/relay/rates.ts'
import { openRelays } from '../../src/relay/relays.ts'
import type { Db } from '../../src/runtime/db/database.ts'
import { batches, buckets, deliveries } from '../../src/runtime/db/schema.ts'
import type { Services } from '../../src/runtime/services.ts'
import { test } from '../support/database.ts'
import { addReaders, addSubscriber, releasedEdition, servicesOn } from '../support/services.ts'
import { openSink, type Sink, smtpReply } from '../support/sink.ts'

const running: { close(): unknown }[] = []
afterEach(async () => {
  for (const each of running.splice(0)) await each.close()
})
const NEVER = new AbortController().signal

async function ratesWith(db: Db, settings: Record<string, string>) {
  const rates = openRates(db, servicesOn(db, settings).config)
  await rates.refresh()
  return rates
}
/** Time passes for a bucket: what was paid for is so much longer ago. */
const pass = (db: Db, seconds: number) =>
  db.execute(sql`UPDATE buckets SET paid_until = paid_until - make_interval(secs => ${seconds}),
    slowed_at = slowed_at - make_interval(secs => ${seconds}), raised_at = raised_at - make_interval(secs => ${seconds})`)
const rateOf = async (db: Db, name: string) => (await db.select().from(buckets).where(eq(buckets.name, name)))[0]?.rate

describe('a bucket', () => {
  test('gives a second’s worth and no more, however many ask at once', async ({ db }) => {
    await db.insert(buckets).values({ name: ALL, rate: 0.0001 })
    const workers = await Promise.all([1, 2, 3].map(() => ratesWith(db, { SEND_RATE_PER_SECOND: '20' })))
    await db.update(buckets).set({ rate: 20, paidUntil: sql`now() + interval '1 hour'` })
    await pass(db, 3600)
    const slices = await Promise.all(workers.flatMap((rates) => [1, 2, 3, 4].map(() => rates.take(ALL, 7))))
    const granted = slices.reduce((sum, slice) => sum + slice.granted, 0)
    // The statements themselves take time, in which a little more is allowed.
    expect(granted).toBeGreaterThanOrEqual(20)
    expect(granted).toBeLessThanOrEqual(40)
    const empty = slices.find((slice) => slice.granted === 0)!
    expect(empty.retryMs).toBeGreaterThan(0)
    expect(empty.retryMs).toBeLessThan(1100)
  })

  test('of less than one a second gives one, then none until its time', async ({ db }) => {
    const rates = await ratesWith(db, { SEND_RATE_PER_SECOND: '0.1' })
    expect(await rates.take(ALL, 5)).toMatchObject({ granted: 1 })
    const none = await rates.take(ALL, 5)
    expect(none.granted).toBe(0)
    expect(none.retryMs).toBeGreaterThan(8_000)
    await pass(db, 11)
    expect(await rates.take(ALL, 5)).toMatchObject({ granted: 1 })
  })

  test('exists only where a setting wants it, and goes with the setting', async ({ db }) => {
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

  test('a warm-up lets go so many on a day, and the rest another day', async ({ db }) => {
    const today = new Date().toISOString().slice(0, 10)
    const url = `smtp://mail.example?name=new&warmup=${today}:30,60`
    const rates = await ratesWith(db, { SMTP_URL: url })
    const take = (want: number) => rates.take(relayBucket('new'), want, { from: today, perDay: [30, 60] })
    expect((await take(20)).granted).toBe(20)
    expect((await take(20)).granted).toBe(10)
    expect((await take(20)).granted).toBe(0)
    await db.update(buckets).set({ day: '2020-01-01' })
    expect((await take(50)).granted, 'another day begins at nothing').toBe(30)
    const over = await rates.take(relayBucket('new'), 500, { from: '2020-01-01', perDay: [1] })
    expect(over.granted, 'after the curve there is no limit').toBe(500)
  })
})

describe('whoever asks us to be slower', () => {
  test('is given half, once for what was under way; then it grows by a little each minute', async ({ db }) => {
    const rates = await ratesWith(db, {})
    const bucket = domainBucket('example.org')
    for (let n = 0; n < 40; n++) rates.handed(bucket)
    await rates.slowDown(bucket)
    const first = (await rateOf(db, bucket))!
    expect(first).toBeGreaterThan(0)
    expect(first).toBeLessThanOrEqual(20)
    await rates.slowDown(bucket)
    expect(await rateOf(db, bucket), 'the same event').toBe(first)
    await pass(db, 31)
    await rates.slowDown(bucket)
    const second = (await rateOf(db, bucket))!
    expect(second).toBeLessThanOrEqual(first / 2)
    await pass(db, 600)
    await rates.take(bucket, 1)
    expect(await rateOf(db, bucket)).toBeCloseTo(second + 5, 0)
  })

  test('never faster than the setting says', async ({ db }) => {
    const rates = await ratesWith(db, { DOMAIN_RATES: 'example.org=4' })
    await rates.slowDown(domainBucket('example.org'))
    await pass(db, 36_000)
    await rates.take(domainBucket('example.org'), 1)
    expect(await rateOf(db, domainBucket('example.org'))).toBe(4)
  })
})

async function stage(db: Db, settings: Record<string, string>, sink: Sink, connections = 4) {
  const config = { SMTP_URL: sink.url, ...settings }
  const services: Services = { ...servicesOn(db, config), now: () => new Date() }
  const rates = openRates(db, services.config)
  const relay = openRelays({ ...services.config, SMTP_CONNECTIONS: connections }, { rates })
  running.unshift(relay)
  return handsWith(services, relay, rates)
}
async function sinkThat(...behave: Parameters<typeof openSink>): Promise<Sink> {
  const sink = await openSink(...behave)
  running.push(sink)
  return sink
}

describe('a batch', () => {
  test('goes out at SEND_RATE_PER_SECOND, given back between slices and not waited for', async ({ db }) => {
    const sink = await sinkThat()
    const hands = await stage(db, { SEND_RATE_PER_SECOND: '20' }, sink)
    await addReaders(db, 60)
    const { batchIds } = await planAll(hands, await releasedEdition(hands))
    const began = Date.now()
    let turns = 0
    let leased = 0
    while (sink.taken.length < 60 && Date.now() - began < 20_000) {
      const [due] = await batchesToDo(db, hands.now(), 1)
      if (!due) {
        await new Promise((resolve) => setTimeout(resolve, 20))
        continue
      }
      turns++
      if (await deliverBatch(hands, batchIds[0]!, NEVER)) leased++
    }
    const seconds = (Date.now() - began) / 1000
    expect(sink.taken).toHaveLength(60)
    expect(leased).toBeGreaterThan(2)
    // A second's worth may go at once; 40 more take two seconds at the least.
    expect(seconds).toBeGreaterThan(1.9)
    expect(turns).toBeLessThan(200)
    expect(await db.$count(deliveries, sql`hand_overs <> 1`)).toBe(0)
  })

  test('does not take what a rate allows a second time, where two are worked at once', async ({ db }) => {
    const sink = await sinkThat()
    const hands = await stage(db, { SEND_RATE_PER_SECOND: '10' }, sink)
    await addReaders(db, 500)
    const { batchIds } = await planAll(hands, await releasedEdition(hands))
    const began = Date.now()
    const tallies = await Promise.all(batchIds.map((id) => deliverBatch(hands, id, NEVER)))
    expect(batchIds).toHaveLength(2)
    expect(tallies.filter((tally) => tally !== undefined)).not.toEqual([])
    expect(sink.taken.length).toBeLessThanOrEqual(10 * (1 + (Date.now() - began) / 1000))
  })

  test('sends what a slow domain does not take later, in turns of a second, and everybody else at once', async ({
    db,
  }) => {
    const sink = await sinkThat()
    const hands = await stage(db, { DOMAIN_RATES: 'slow.example=5' }, sink)
    for (let n = 0; n < 23; n++) await addSubscriber(db, `reader-${n}@slow.example`)
    await addReaders(db, 20)
    const { batchIds } = await planAll(hands, await releasedEdition(hands))
    expect(await deliverBatch(hands, batchIds[0]!, NEVER)).toMatchObject({ accepted: 25, queued: 0 })
    const later = await db
      .select()
      .from(batches)
      .where(eq(batches.booked, 'domain slow.example'))
      .orderBy(batches.dueAt)
    expect(later).toHaveLength(4)
    const gaps = later.slice(1).map((batch, index) => batch.dueAt.getTime() - later[index]!.dueAt.getTime())
    expect(gaps).toEqual([1000, 1000, 1000])
    expect(await db.$count(deliveries, eq(deliveries.state, 'queued'))).toBe(18)
    // Its turn was paid for beforehand.
    await db.update(batches).set({ dueAt: hands.now() }).where(eq(batches.id, later[0]!.id))
    expect(await deliverBatch(hands, later[0]!.id, NEVER)).toMatchObject({ accepted: 5 })
    expect(new Set(sink.taken.map((one) => one.to)).size).toBe(30)
  })

  test('after a deferral that asks for patience the domain has a row, and what is left of the batch is slower', async ({
    db,
  }) => {
    let refusals = 0
    const sink = await sinkThat({
      recipient: (to) =>
        to.endsWith('@slow.example') && refusals++ < 3 ? smtpReply(451, '4.7.0 too fast') : undefined,
    })
    const hands = await stage(db, {}, sink, 2)
    for (let n = 0; n < 100; n++) await addSubscriber(db, `reader-${n}@slow.example`)
    await addSubscriber(db, 'ada@example.org')
    const { batchIds } = await planAll(hands, await releasedEdition(hands))
    expect(await db.$count(buckets)).toBe(0)
    const tally = await deliverBatch(hands, batchIds[0]!, NEVER)
    expect((await db.select().from(buckets)).map((row) => row.name)).toEqual(['domain slow.example'])
    expect(tally!.deferred).toBeGreaterThan(0)
    expect(sink.taken.map((one) => one.to)).toContain('ada@example.org')
    expect(await db.$count(deliveries, eq(deliveries.state, 'queued'))).toBeGreaterThan(50)
  })

  test('over the rate of the first relay the second one is used', async ({ db }) => {
    const [first, second] = [await sinkThat(), await sinkThat()]
    const hands = await stage(db, { SMTP_URL: `${first.url}?name=first&rate=5,${second.url}?name=second` }, first)
    await addReaders(db, 40)
    const { batchIds } = await planAll(hands, await releasedEdition(hands))
    expect(await deliverBatch(hands, batchIds[0]!, NEVER)).toMatchObject({ accepted: 40 })
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
