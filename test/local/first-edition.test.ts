import { expect } from 'vitest'
import { planFirstDigest } from '../../src/delivery/plan/first-digest.ts'
import { ensureFirstEdition } from '../../src/local/first-edition.ts'
import { describeStatus, readStatus } from '../../src/operate/status.ts'
import type { Db } from '../../src/runtime/db/database.ts'
import { deliveries, editions } from '../../src/runtime/db/schema.ts'
import { test } from '../support/database.ts'
import { addPapers, addSubscriber, servicesOn } from '../support/services.ts'

const made = (db: Db) => db.select({ date: editions.date, state: editions.state, held: editions.held }).from(editions)

// Around midnight, the close at 02:00 and the usual release at 03:00; a Monday, a Saturday, the turn of a year, and a leap day.
test.for([
  '2026-12-07T00:00:00Z',
  '2026-12-07T01:59:59Z',
  '2026-12-07T02:00:00Z',
  '2026-12-07T02:59:59Z',
  '2026-12-07T03:00:00Z',
  '2026-12-12T23:59:59Z',
  '2027-01-01T02:30:00Z',
  '2028-02-29T02:30:00Z',
])('a first start at %s releases the newest closed list of the sample', async (now, { db }) => {
  const services = servicesOn(db, { PAPER_SOURCES: 'none' }, { now: new Date(now) })
  const first = await ensureFirstEdition(services, [])
  expect(await made(db)).toEqual([{ date: first!.date, state: 'released', held: false }])
  const id = await addSubscriber(db, 'ada@example.org', { nextDigestAt: services.now() })
  expect(await planFirstDigest(services, { id, cadence: 'daily' }), 'who confirms now gets it').toBeDefined()
  expect(await ensureFirstEdition(services, []), 'the next start').toEqual(first)
})

test('on a Monday it is Friday’s list, which is news until Monday’s', async ({ db }) => {
  const services = servicesOn(db, { PAPER_SOURCES: 'none' }, { now: new Date('2026-12-07T09:00:00Z') })
  await addPapers(db, '2026-12-04', 5)
  expect(await ensureFirstEdition(services, [])).toEqual({ date: '2026-12-04', sample: false })
  expect(await made(db)).toEqual([{ date: '2026-12-04', state: 'released', held: false }])
  expect(describeStatus(await readStatus(services), services.now())).toContain('2026-12-04 daily released')
  const id = await addSubscriber(db, 'ada@example.org', { nextDigestAt: services.now() })
  expect(await planFirstDigest(services, { id, cadence: 'daily' })).toBeDefined()
})

test('of an archive that was imported before the first start, the newest list is shown and not sent', async ({
  db,
}) => {
  const services = servicesOn(db, { PAPER_SOURCES: 'none' }, { now: new Date('2026-12-09T09:00:00Z') })
  await addPapers(db, '2026-04-14', 5)
  expect(await ensureFirstEdition(services, [])).toEqual({ date: '2026-04-14', sample: false })
  expect(await made(db)).toMatchObject([{ date: '2026-04-14', state: 'released' }])
  const id = await addSubscriber(db, 'ada@example.org', { nextDigestAt: services.now() })
  expect(await planFirstDigest(services, { id, cadence: 'daily' })).toBeUndefined()
  expect(await db.$count(deliveries)).toBe(0)
})
