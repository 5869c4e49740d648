import { randomBytes } from 'node:crypto'
import { inArray, sql } from 'drizzle-orm'
import { expect } from 'vitest'
import { closeOfDay, daysLater } from '../../../src/calendar/days.ts'
import { isQuietDay } from '../../../src/calendar/holidays.ts'
import { promisedDigestAt } from '../../../src/calendar/promised-digest.ts'
import { planDue } from '../../../src/delivery/plan/plan-due.ts'
import { deliveries, editions, subscribers } from '../../../src/runtime/db/schema.ts'
import { test } from '../../support/database.ts'
import { addSubscriber, servicesOn } from '../../support/services.ts'

/** Mornings before and after the close of the previous day's list, at 02:00 UTC. */
const ZONES = ['America/Los_Angeles', 'Europe/Berlin', 'Asia/Tokyo', 'Pacific/Auckland']
/** Four weeks with Thanksgiving, 26 November. The first two give every reader a history. */
const DAYS = { first: '2026-11-09', promised: '2026-11-20', last: '2026-12-04' }
const AN_HOUR = 3_600_000

test('a digest comes at the promised hour, and at no other', async ({ db }) => {
  const at = { now: closeOfDay(DAYS.first, 2) }
  const services = servicesOn(db, {}, at)
  for (const zone of ZONES)
    for (const cadence of ['daily', 'weekdays'] as const)
      await addSubscriber(db, `${cadence}@${zone.split('/')[1]!.replace('_', '-')}.example`, {
        ...{ zone, cadence, hour: 8 },
        nextDigestAt: sql`next_digest_at(${zone}, 8, ${cadence}, 1, ${at.now})` as unknown as Date,
      })
  let day = DAYS.first
  let compared = 0
  for (;;) {
    const [next] = await db.select().from(subscribers).orderBy(subscribers.nextDigestAt, subscribers.id).limit(1)
    const due = next!.nextDigestAt!
    at.now = due
    for (; closeOfDay(day, 2).getTime() + AN_HOUR <= due.getTime(); day = daysLater(day, 1))
      if (!isQuietDay(day)) await addEdition(day)
    if (due > closeOfDay(DAYS.last, 2)) break
    const readers = (await db.select().from(subscribers)).filter(({ nextDigestAt }) => nextDigestAt! <= due)
    const { batchIds } = await planDue(services)
    const planned = await db.select().from(deliveries).where(inArray(deliveries.batchId, batchIds))
    const got = new Set(planned.map(({ subscriberId }) => subscriberId))
    if (due < closeOfDay(DAYS.promised, 2)) continue
    for (const reader of readers) {
      const promised = promisedDigestAt({ ...reader, nextDigestAt: due }, 2)
      expect([reader.email, due.toISOString(), promised.getTime() === due.getTime()]).toEqual([
        reader.email,
        due.toISOString(),
        got.has(reader.id),
      ])
      compared++
    }
  }
  expect(compared).toBeGreaterThan(ZONES.length * 20)

  async function addEdition(date: string) {
    const closesAt = closeOfDay(date, 2)
    const times = { closesAt, releaseAt: closesAt, assembledAt: closesAt, releasedAt: closesAt }
    const [edition] = await db
      .insert(editions)
      .values({ kind: 'daily', date, state: 'released', ...times, messageKey: randomBytes(32) })
      .returning({ id: editions.id })
    await db.execute(sql`SELECT ensure_delivery_partition(${edition!.id})`)
  }
})

/** Sundays on which clocks change, some at midnight, some by half an hour. */
const CHANGES = {
  '2026-03-08': ['America/New_York', 'America/Los_Angeles', 'America/Havana'],
  '2026-03-29': ['Europe/Berlin', 'Europe/London', 'Asia/Beirut'],
  '2026-04-05': ['Australia/Lord_Howe', 'Pacific/Auckland', 'America/Santiago'],
  '2026-10-04': ['Australia/Lord_Howe', 'Australia/Sydney'],
  '2026-10-25': ['Europe/Berlin', 'Europe/London', 'Asia/Beirut'],
  '2026-11-01': ['America/New_York', 'America/Los_Angeles', 'America/Havana'],
}

test('around a change of the clocks too, the promised hour is the one that the database computes', async ({ db }) => {
  for (const [sunday, zones] of Object.entries(CHANGES)) {
    // A new reader got Friday's list on Saturday. Monday's is the next.
    const had = new Date(`${daysLater(sunday, -1)}T10:00:00Z`)
    const monday = closeOfDay(daysLater(sunday, 1), 2)
    for (const zone of zones)
      for (const hour of [0, 1, 2, 3]) {
        const { rows } = await db.execute<{ next: string; kept: string }>(sql`
          SELECT next_digest_at(${zone}, ${hour}, 'daily', 1, ${had}::timestamptz) AS next,
            next_digest_at(${zone}, ${hour}, 'daily', 1, ${monday}::timestamptz - interval '1 microsecond') AS kept`)
        const [{ next, kept }] = rows as [{ next: string; kept: string }]
        const reader = { nextDigestAt: new Date(next), cadence: 'daily' as const, hour, zone }
        const promised = promisedDigestAt(reader, 2, had)
        expect([zone, sunday, hour, promised]).toEqual([zone, sunday, hour, new Date(kept)])
      }
  }
})
