import { sql } from 'drizzle-orm'
import { afterEach, beforeEach, describe, expect, vi } from 'vitest'
import { retryDelayMs } from '../../src/delivery/ledger/attempts.ts'
import { dueBatches, nextBatchDue } from '../../src/delivery/ledger/batches.ts'
import { planAll } from '../../src/delivery/plan/plan-all.ts'
import { deliverBatch } from '../../src/delivery/send/deliver-batch.ts'
import { deliveryContextWith } from '../../src/delivery/send/delivery-context.ts'
import type { Outcome } from '../../src/relay/outcome.ts'
import { domainBucket, openRates } from '../../src/relay/rates.ts'
import type { Relay } from '../../src/relay/relay.ts'
import type { Db } from '../../src/runtime/db/database.ts'
import { test } from '../support/database.ts'
import { NEVER } from '../support/sending.ts'
import { addReaders, NOON, releasedEdition, servicesOn } from '../support/services.ts'

/** Messages a second that one worker sends when not slowed. */
const CAPACITY = 150
const ALL_DEFER_SECONDS = 600

beforeEach(() => {
  vi.spyOn(Math, 'random').mockReturnValue(0.5)
})
afterEach(() => {
  vi.restoreAllMocks()
})

/** The domain defers a share of first attempts; with a share of 1, everything for ten minutes. */
type Domain = (nth: number, attempt: number, second: number) => boolean
const share =
  (percent: number): Domain =>
  (nth, attempt, second) =>
    percent === 100 ? second < ALL_DEFER_SECONDS : attempt === 1 && (nth * 7919) % 100 < percent

const DEFERRED: Outcome = { state: 'deferred', slow: 'domain', reply: '451 4.7.1 try again later' }
const ACCEPTED: Outcome = { state: 'accepted', reply: '250 ok' }

/** Seconds until a number of messages is accepted, and attempts in the first ten minutes. */
interface Course {
  first97: number
  all: number
  attemptsBefore: number
}

/** The whole path, ledger and batches, with a clock that only sending and waiting advance. */
async function throughLedger(db: Db, readers: number, defers: Domain): Promise<Course> {
  const at = { ms: NOON.getTime() }
  const now = () => new Date(at.ms)
  const services = { ...servicesOn(db), now }
  await addReaders(db, readers)
  const course = openCourse(readers)
  const attempts = new Map<string, number>()
  const relay: Relay = {
    connections: 10,
    async send({ to }) {
      at.ms += 1000 / CAPACITY
      const attempt = (attempts.get(to) ?? 0) + 1
      attempts.set(to, attempt)
      const second = (at.ms - NOON.getTime()) / 1000
      const deferred = defers(Number(/\d+/.exec(to)![0]), attempt, second)
      course.note(deferred, second)
      return deferred ? DEFERRED : ACCEPTED
    },
    room: async (want) => want,
    limited: () => false,
    restMs: () => 0,
    downMs: () => 0,
    close() {},
  }
  const context = deliveryContextWith(services, relay, openRates(db, services.config, now))
  await planAll(services, await releasedEdition(services))
  for (;;) {
    const [due] = await dueBatches(db, now(), 1)
    if (due) await deliverBatch(context, due.batchId, NEVER)
    else {
      const next = await nextBatchDue(db)
      if (!next) break
      // A due time has microseconds, which a Date drops.
      at.ms = next.getTime() + 1
    }
  }
  const { rows } = await db.execute(sql`SELECT FROM deliveries WHERE state <> 'accepted'`)
  expect(rows).toHaveLength(0)
  return course.done()
}

/** The buckets alone, with a queue in memory, for more readers than a test can write to a ledger. */
async function throughBuckets(db: Db, readers: number, defers: Domain): Promise<Course> {
  const at = { ms: NOON.getTime() }
  const rates = openRates(db, servicesOn(db).config, () => new Date(at.ms))
  const bucket = domainBucket('example.org')
  const course = openCourse(readers)
  const queue = Array.from({ length: readers }, (_, nth) => ({ nth, attempt: 1 }))
  let waiting: { nth: number; attempt: number; due: number }[] = []
  for (let next = 0, second = 0; next < queue.length || waiting.length > 0; second++) {
    at.ms = NOON.getTime() + second * 1000
    for (const { nth, attempt, due } of waiting) if (due <= second) queue.push({ nth, attempt })
    waiting = waiting.filter(({ due }) => due > second)
    await rates.refresh()
    const want = Math.min(CAPACITY, queue.length - next)
    let room = want === 0 || !rates.limited(bucket) ? want : (await rates.take(bucket, want)).granted
    for (let sent = 0, version = rates.version(); sent < room; sent++) {
      at.ms += 1000 / CAPACITY
      const { nth, attempt } = queue[next++]!
      const deferred = defers(nth, attempt, second)
      course.note(deferred, second)
      if (deferred) waiting.push({ nth, attempt: attempt + 1, due: second + retryDelayMs('digest', attempt) / 1000 })
      await rates.recordReply(bucket, deferred ? DEFERRED : ACCEPTED)
      if (version === rates.version()) continue
      version = rates.version()
      room = Math.min(room, sent + 1 + (await rates.take(bucket, room - sent - 1)).granted)
    }
  }
  return course.done()
}

function openCourse(readers: number) {
  let accepted = 0
  const course: Course = { first97: 0, all: 0, attemptsBefore: 0 }
  return {
    note(deferred: boolean, second: number) {
      if (second < ALL_DEFER_SECONDS) course.attemptsBefore++
      if (deferred) return
      if (++accepted === Math.ceil(readers * 0.97)) course.first97 = second
      course.all = second
    },
    done: () => course,
  }
}

describe.each([
  ['2,000 readers of one domain, through the ledger', throughLedger, 2_000],
  ['100,000 readers of one domain, through the buckets', throughBuckets, 100_000],
])('%s', { timeout: 180_000 }, (name, run, readers) => {
  const fast = readers / CAPACITY
  const tell = (percent: number, { first97, all }: Course) =>
    console.info(`${name}, ${percent} % deferred: 97 % after ${Math.round(first97)} s, all after ${Math.round(all)} s`)

  test('1 % deferred: the others are not delayed', async ({ db }) => {
    const course = await run(db, readers, share(1))
    tell(1, course)
    expect(course.first97).toBeLessThan(fast * 1.02)
  })

  test('10 % deferred: the others are barely delayed', async ({ db }) => {
    const course = await run(db, readers, share(10))
    tell(10, course)
    // 7 % of the readers need their second attempt, five minutes later.
    expect(course.first97).toBeLessThan(Math.max(fast * 1.2, fast + 320))
  })

  test('100 % deferred for ten minutes: slow attempts, then everything goes out', async ({ db }) => {
    const course = await run(db, readers, share(100))
    tell(100, course)
    // At the lowest rate of one a second, after the time it took to slow down.
    expect(course.attemptsBefore).toBeLessThan(ALL_DEFER_SECONDS * 1.1 + 500)
    expect(course.first97).toBeGreaterThan(ALL_DEFER_SECONDS)
    // Recovers within two minutes. Readers tried late in that time wait for their own retry.
    expect(course.first97).toBeLessThan(ALL_DEFER_SECONDS + 120 + fast + 25 * 60)
  })
})
