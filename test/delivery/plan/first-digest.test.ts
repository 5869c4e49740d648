import { eq } from 'drizzle-orm'
import { expect } from 'vitest'
import { planDue } from '../../../src/delivery/plan/plan-due.ts'
import { assemble } from '../../../src/edition/draft/assemble.ts'
import { release } from '../../../src/edition/draft/release.ts'
import { mintToken } from '../../../src/mail/tokens.ts'
import type { Db } from '../../../src/runtime/db/database.ts'
import { batches, deliveries, editions, subscribers } from '../../../src/runtime/db/schema.ts'
import { confirm } from '../../../src/subscription/confirm.ts'
import { test } from '../../support/database.ts'
import { addPapers, addSubscriber, NOON, releasedEdition, servicesOn } from '../../support/services.ts'

/** After confirming, a reader gets the newest edition at once, and never two digests on one day. */

const NONCE = Buffer.from('12345678')
const pending = (db: Db, values: Parameters<typeof addSubscriber>[2] = {}) =>
  addSubscriber(db, 'ada@example.org', {
    status: 'pending',
    nextDigestAt: null,
    confirmNonce: NONCE,
    requestedAt: new Date('2026-04-15T00:00:00Z'),
    ...values,
  })

async function weeklyEdition(db: Db, monday: string, at: string): Promise<number> {
  const services = servicesOn(db, {}, { now: new Date(at) })
  const key = { kind: 'weekly' as const, date: monday }
  await addPapers(db, monday, 4)
  const { editionId } = await assemble(services, key)
  await release(services, key)
  return editionId
}

/** The reader's deliveries at a time, when planning runs every half hour from `from`. */
async function run(db: Db, overrides: Record<string, string>, from: string, hours: number, id: number) {
  const at = { now: new Date(from) }
  const services = servicesOn(db, overrides, at)
  const token = mintToken(services.keys, 'confirm', id, at.now, NONCE)
  const { firstDigestAt } = await confirm(services, token)
  const begun = await db.$count(deliveries, eq(deliveries.subscriberId, id))
  for (let half = 0; half < hours * 2; half++) {
    await planDue(services)
    at.now = new Date(at.now.getTime() + 1_800_000)
  }
  return { begun, firstDigestAt: firstDigestAt.toISOString(), services, token }
}

test('the newest edition is planned at once, and due', async ({ db }) => {
  const services = servicesOn(db, {}, { now: NOON })
  const editionId = await releasedEdition(services)
  const id = await pending(db)
  await confirm(services, mintToken(services.keys, 'confirm', id, NOON, NONCE))
  expect(await db.select().from(deliveries)).toMatchObject([{ editionId, subscriberId: id, state: 'queued' }])
  expect(await db.select().from(batches)).toMatchObject([{ editionId, state: 'open', dueAt: NOON }])
  expect((await db.select().from(editions))[0]!.state).toBe('sending')
})

test('a second click on the button says the same, and a later one promises the next digest', async ({ db }) => {
  const at = { now: NOON }
  const services = servicesOn(db, {}, at)
  await releasedEdition(services)
  const id = await pending(db)
  const token = mintToken(services.keys, 'confirm', id, NOON, NONCE)
  const first = await confirm(services, token)
  expect(first.begun).toBe(true)
  at.now = new Date(NOON.getTime() + 2_000)
  expect(await confirm(services, token)).toEqual(first)
  at.now = new Date(NOON.getTime() + 7_200_000)
  expect(await confirm(services, token)).toMatchObject({ begun: false })
})

test('a reader who confirms just before their hour gets one digest that day, despite a newer edition', async ({
  db,
}) => {
  const early = servicesOn(db, {}, { now: new Date('2026-04-14T04:00:00Z') })
  const first = await releasedEdition(early, '2026-04-13')
  const id = await pending(db)
  const { begun, firstDigestAt } = await run(db, {}, '2026-04-15T02:30:00Z', 0, id)
  expect({ begun, firstDigestAt }).toEqual({ begun: 1, firstDigestAt: '2026-04-16T08:00:00.000Z' })
  const at = { now: new Date('2026-04-15T08:01:00Z') }
  const services = servicesOn(db, {}, at)
  const second = await releasedEdition(services, '2026-04-14')
  expect(await planDue(services)).toMatchObject({ deliveries: 0 })
  at.now = new Date('2026-04-16T08:01:00Z')
  await planDue(services)
  expect((await db.select().from(deliveries)).map((row) => row.editionId)).toEqual([first, second])
})

test('the day is in the reader’s time zone', async ({ db }) => {
  await releasedEdition(servicesOn(db), '2026-04-14')
  const id = await pending(db, { zone: 'Pacific/Auckland', hour: 0 })
  // 23:30 in Auckland: the next day begins in half an hour.
  const { firstDigestAt } = await run(db, {}, '2026-04-15T11:30:00Z', 0, id)
  // No list closes within that half hour, so the next digest is a day later.
  expect(firstDigestAt).toBe('2026-04-16T12:00:00.000Z')
})

test('confirming again or resubscribing plans nothing twice', async ({ db }) => {
  const services = servicesOn(db)
  await releasedEdition(services)
  const id = await pending(db)
  const { token } = await run(db, {}, NOON.toISOString(), 48, id)
  await confirm(services, token)
  await db.update(subscribers).set({ status: 'unsubscribed', requestedAt: NOON, confirmedAt: null })
  await confirm(services, token)
  expect(await db.$count(deliveries)).toBe(1)
})

test.for([
  ['an old edition is no welcome', {}, '2026-04-20T12:00:00Z'],
  ['nor is any where the operator wants none', { FIRST_DIGEST: 'at-their-hour' }, '2026-04-15T07:00:00Z'],
] as const)('%s', async ([, overrides, from], { db }) => {
  await releasedEdition(servicesOn(db))
  const id = await pending(db)
  expect(await run(db, overrides, from, 0, id)).toMatchObject({ begun: 0 })
})

test('a weekly reader gets the weekly edition', async ({ db }) => {
  await releasedEdition(servicesOn(db))
  const id = await pending(db, { cadence: 'weekly', weekday: 5 })
  const { begun, firstDigestAt } = await run(db, {}, NOON.toISOString(), 0, id)
  expect({ begun, firstDigestAt }).toEqual({ begun: 0, firstDigestAt: '2026-04-17T08:00:00.000Z' })
})

test.for([
  ['before the week’s list closes', '2026-04-20T01:00:00Z'],
  ['before its edition is released', '2026-04-20T02:30:00Z'],
] as const)('a weekly reader who confirms on their day %s waits for it', async ([, from], { db }) => {
  await weeklyEdition(db, '2026-04-06', '2026-04-13T04:00:00Z')
  const id = await pending(db, { cadence: 'weekly', weekday: 1, hour: 8 })
  const { begun, firstDigestAt } = await run(db, {}, from, 0, id)
  expect({ begun, firstDigestAt }).toEqual({ begun: 0, firstDigestAt: '2026-04-20T08:00:00.000Z' })
  const newest = await weeklyEdition(db, '2026-04-13', '2026-04-20T03:00:00Z')
  await planDue(servicesOn(db, {}, { now: new Date('2026-04-20T08:01:00Z') }))
  expect((await db.select().from(deliveries)).map((row) => row.editionId)).toEqual([newest])
})

test('a weekly reader who has the newest edition at once gets the next one a week later', async ({ db }) => {
  await weeklyEdition(db, '2026-04-13', '2026-04-20T03:00:00Z')
  for (const [weekday, hour, next] of [
    [1, 8, '2026-04-27T08:00:00.000Z'], // their hour is still to come today
    [1, 0, '2026-04-27T00:00:00.000Z'],
    [3, 8, '2026-04-22T08:00:00.000Z'],
  ] as const) {
    await db.delete(subscribers)
    const id = await pending(db, { cadence: 'weekly', weekday, hour })
    const { begun, firstDigestAt } = await run(db, {}, '2026-04-20T03:30:00Z', 0, id)
    expect({ begun, firstDigestAt }).toEqual({ begun: 1, firstDigestAt: next })
  }
})
