import { eq, sql } from 'drizzle-orm'
import { describe, expect } from 'vitest'
import { settleEditions } from '../../../src/delivery/ledger/settle-editions.ts'
import { planAll } from '../../../src/delivery/plan/plan-all.ts'
import { planDue } from '../../../src/delivery/plan/plan-due.ts'
import { assemble } from '../../../src/edition/draft/assemble.ts'
import { resume } from '../../../src/edition/draft/control.ts'
import { release, releaseDue } from '../../../src/edition/draft/release.ts'
import { mintToken } from '../../../src/mail/tokens.ts'
import type { Db } from '../../../src/runtime/db/database.ts'
import { deliveries, editions } from '../../../src/runtime/db/schema.ts'
import type { Services } from '../../../src/runtime/services.ts'
import { confirm } from '../../../src/subscription/confirm.ts'
import { releaseEditionsJob } from '../../../workers/release-editions.ts'
import { test } from '../../support/database.ts'
import { addPapers, addSubscriber, servicesOn } from '../../support/services.ts'

/** The list of Tuesday, 14 April 2026, and the week of the 13th, closed at 02:00 UTC on the 15th and the 20th. */
const DAY = { kind: 'daily' as const, date: '2026-04-14' }
const WEEK = { kind: 'weekly' as const, date: '2026-04-13' }
const CLOSED = Date.parse('2026-04-15T02:00:00Z')
const hoursAfterClose = (hours: number) => new Date(CLOSED + hours * 3_600_000)

const stateOf = async (db: Db, { kind, date } = DAY as { kind: 'daily' | 'weekly'; date: string }) => {
  const [edition] = await db
    .select()
    .from(editions)
    .where(sql`${eq(editions.kind, kind)} AND ${eq(editions.date, date)}`)
  return `${edition!.held ? 'held ' : ''}${edition!.state}`
}

/** Releases an edition right after its list closed, as a running worker does. */
async function releaseInTime(services: Services, at: { now: Date }, key: typeof DAY | typeof WEEK, closes: string) {
  at.now = new Date(Date.parse(closes) + 61 * 60_000)
  await addPapers(services.db, key.date, 3)
  await assemble(services, key)
  await releaseDue(services)
  expect(await stateOf(services.db, key)).toBe('released')
}

describe('a draft', () => {
  test('behind whose list two newer ones have closed is created held, with the reason', async ({ db }) => {
    const at = { now: hoursAfterClose(48.1) }
    const services = servicesOn(db, {}, at)
    await addPapers(db, DAY.date, 3)
    expect(await assemble(services, DAY)).toMatchObject({
      held: true,
      heldWhy: 'two newer lists of working days have closed',
    })
    await releaseEditionsJob(services)
    expect(await stateOf(db)).toBe('held draft')
    expect(await assemble(services, DAY), 'assembled again').toMatchObject({ held: true })
  })

  test('of a week whose list closed long ago is created held too', async ({ db }) => {
    const services = servicesOn(db, {}, { now: new Date('2026-11-28T12:00:00Z') })
    await addPapers(db, DAY.date, 3)
    await assemble(services, WEEK)
    await releaseEditionsJob(services)
    expect(await stateOf(db, WEEK)).toBe('held draft')
  })

  test('whose list closed less than 48 hours ago is released automatically, at a known time', async ({ db }) => {
    const at = { now: hoursAfterClose(0.5) }
    const services = servicesOn(db, {}, at)
    await addPapers(db, DAY.date, 3)
    expect(await assemble(services, DAY)).toMatchObject({ held: false, heldWhy: null, releaseAt: hoursAfterClose(1) })
    at.now = hoursAfterClose(47.9)
    await releaseEditionsJob(services)
    expect(await stateOf(db)).toBe('released')
  })

  test('that waited through an outage of days is held instead of released', async ({ db }) => {
    const at = { now: hoursAfterClose(0.5) }
    const services = servicesOn(db, {}, at)
    await addPapers(db, DAY.date, 3)
    await assemble(services, DAY)
    at.now = hoursAfterClose(72)
    await releaseEditionsJob(services)
    expect(await stateOf(db)).toBe('held draft')
    await releaseEditionsJob(services)
    expect(await stateOf(db), 'the next run keeps it held').toBe('held draft')
  })

  test('that is held as too old is sent when a person resumes it', async ({ db }) => {
    const at = { now: hoursAfterClose(72) }
    const services = servicesOn(db, {}, at)
    await addPapers(db, DAY.date, 3)
    await assemble(services, DAY)
    await resume(services, DAY)
    await releaseEditionsJob(services)
    expect(await stateOf(db)).toBe('released')
    await addSubscriber(db, 'ada@example.org', { nextDigestAt: at.now })
    expect(await planDue(services)).toMatchObject({ deliveries: 1 })
  })
})

describe('readers get no edition older than two periods', () => {
  const PLANNED: [string, 'daily' | 'weekdays' | 'weekly', string, number][] = [
    ['a day after its close', 'daily', '2026-04-16T02:00:00Z', 1],
    ['just within two days', 'daily', '2026-04-17T01:59:00Z', 1],
    ['after two days', 'daily', '2026-04-17T02:01:00Z', 0],
    ['just within two days', 'weekdays', '2026-04-17T01:59:00Z', 1],
    ['after two days', 'weekdays', '2026-04-17T02:01:00Z', 0],
    ['just within two weeks', 'weekly', '2026-05-04T01:59:00Z', 1],
    ['after two weeks', 'weekly', '2026-05-04T02:01:00Z', 0],
    ['in November', 'weekly', '2026-11-28T12:00:00Z', 0],
  ]
  test.for(PLANNED)('%s, a %s reader at %s: %i', async ([, cadence, moment, deliveries], { db }) => {
    const at = { now: new Date() }
    const services = servicesOn(db, {}, at)
    if (cadence === 'weekly') await releaseInTime(services, at, WEEK, '2026-04-20T02:00:00Z')
    else await releaseInTime(services, at, DAY, '2026-04-15T02:00:00Z')
    at.now = new Date(moment)
    await addSubscriber(db, 'ada@example.org', { cadence, nextDigestAt: at.now })
    expect(await planDue(services)).toMatchObject({ deliveries })
  })

  test.for([
    ['Monday, when no list has closed since', '2026-04-20T12:00:00Z', 1],
    ['Wednesday, when two have', '2026-04-22T02:01:00Z', 0],
  ] as const)('Friday’s list on %s', async ([, moment, expected], { db }) => {
    const at = { now: new Date() }
    const services = servicesOn(db, {}, at)
    await releaseInTime(services, at, { ...DAY, date: '2026-04-17' }, '2026-04-18T02:00:00Z')
    at.now = new Date(moment)
    for (const cadence of ['daily', 'weekdays'] as const)
      await addSubscriber(db, `${cadence}@example.org`, { cadence, nextDigestAt: at.now })
    expect(await planDue(services)).toMatchObject({ deliveries: 2 * expected })
  })

  test.for([
    ['daily', 47, DAY, '2026-04-15T02:00:00Z', 1],
    ['daily', 49, DAY, '2026-04-15T02:00:00Z', 0],
    ['weekly', 13 * 24, WEEK, '2026-04-20T02:00:00Z', 1],
    ['weekly', 15 * 24, WEEK, '2026-04-20T02:00:00Z', 0],
  ] as const)(
    'nor do new readers: first digest, %s, %i hours after the close',
    async ([cadence, hours, key, closes, expected], { db }) => {
      const at = { now: new Date() }
      const services = servicesOn(db, {}, at)
      await releaseInTime(services, at, key as typeof DAY, closes)
      at.now = new Date(Date.parse(closes) + hours * 3_600_000)
      const nonce = Buffer.from('12345678')
      const values = {
        status: 'pending' as const,
        nextDigestAt: null,
        confirmNonce: nonce,
        requestedAt: at.now,
        cadence,
      }
      const id = await addSubscriber(db, 'ada@example.org', values)
      await confirm(services, mintToken(services.keys, 'confirm', id, at.now, nonce))
      expect(await db.$count(deliveries)).toBe(expected)
    },
  )

  test('except one that a person released: its age counts from the release', async ({ db }) => {
    const at = { now: new Date('2026-11-24T12:00:00Z') }
    const services = servicesOn(db, {}, at)
    await addPapers(db, DAY.date, 3)
    await assemble(services, WEEK)
    await release(services, WEEK)
    await addSubscriber(db, 'ada@example.org', { cadence: 'weekly', nextDigestAt: at.now })
    expect(await planDue(services)).toMatchObject({ deliveries: 1 })
    at.now = new Date('2026-12-09T12:00:00Z')
    await addSubscriber(db, 'bob@example.org', { cadence: 'weekly', nextDigestAt: at.now })
    expect(await planDue(services), 'old again').toMatchObject({ deliveries: 0 })
  })

  test('an order to send to all does not send old editions after an outage of days', async ({ db }) => {
    const at = { now: new Date() }
    const services = servicesOn(db, {}, at)
    await releaseInTime(services, at, DAY, '2026-04-15T02:00:00Z')
    await db.update(editions).set({ sendAllAt: at.now })
    const ordered = at.now
    at.now = new Date(ordered.getTime() + 72 * 3_600_000)
    await addSubscriber(db, 'ada@example.org')
    const [edition] = await db.select({ id: editions.id }).from(editions)
    await planAll(services, edition!.id)
    const rows = await db.select({ expiresAt: deliveries.expiresAt }).from(deliveries)
    expect(rows).toEqual([{ expiresAt: new Date(ordered.getTime() + 20 * 3_600_000) }])
  })

  test('an edition that is too old for readers becomes sent, although some never had it', async ({ db }) => {
    const at = { now: new Date() }
    const services = servicesOn(db, {}, at)
    await releaseInTime(services, at, DAY, '2026-04-15T02:00:00Z')
    await addSubscriber(db, 'ada@example.org', { nextDigestAt: new Date('2026-05-15T08:00:00Z') })
    await db.update(editions).set({ state: 'sending' })
    expect(await settleEditions(services)).toEqual([])
    at.now = hoursAfterClose(49)
    expect(await settleEditions(services)).toHaveLength(1)
  })
})
