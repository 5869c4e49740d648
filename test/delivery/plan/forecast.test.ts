import { expect } from 'vitest'
import { forecast } from '../../../src/delivery/plan/forecast.ts'
import { planDue } from '../../../src/delivery/plan/plan-due.ts'
import { assemble } from '../../../src/edition/draft/assemble.ts'
import { findEdition } from '../../../src/edition/draft/control.ts'
import { release } from '../../../src/edition/draft/release.ts'
import { deliveries, suppressions } from '../../../src/runtime/db/schema.ts'
import { test } from '../../support/database.ts'
import { addPapers, addSubscriber, servicesOn } from '../../support/services.ts'

const KEY = { kind: 'daily' as const, date: '2026-04-14' }

test('says who gets the draft, in which hours and zones; all active readers are counted once', async ({ db }) => {
  const at = { now: new Date('2026-04-14T23:46:00Z') }
  const services = servicesOn(db, {}, at)
  await addPapers(db, KEY.date, 3)
  await assemble(services, KEY)
  const readers = [
    // 08:00 in Berlin is 06:00 UTC, and 23:00 UTC in Tokyo: after this list's close for the first time the next evening.
    ...[1, 2, 3].map((n) => [
      `berlin-${n}`,
      { zone: 'Europe/Berlin', locale: 'de', nextDigestAt: new Date('2026-04-15T06:00:00Z') },
    ]),
    ['tokyo', { zone: 'Asia/Tokyo', nextDigestAt: new Date('2026-04-15T23:00:00Z') }],
    // 02:00 UTC is before the release, and waits for it.
    ['early', { zone: 'UTC', hour: 2, cadence: 'weekdays', nextDigestAt: new Date('2026-04-15T02:00:00Z') }],
    ['weekly', { cadence: 'weekly' }],
    ['paused', { pausedUntil: new Date('2026-05-01T00:00:00Z') }],
    ['suppressed', {}],
    ['gone', { status: 'unsubscribed' }],
  ] as const
  for (const [name, values] of readers) await addSubscriber(db, `${name}@example.org`, values as object)
  await db.execute(
    `INSERT INTO suppressions (address_hash, reason) SELECT address_hash, 'manual' FROM subscribers WHERE email LIKE 'suppressed@%'`,
  )
  expect(await db.$count(suppressions)).toBe(1)

  const seen = await forecast(services, await findEdition(services, KEY))
  expect(seen).toMatchObject({
    readers: 5,
    locales: [
      { locale: 'de', readers: 3 },
      { locale: 'en', readers: 2 },
    ],
    zones: [
      { zone: 'Europe/Berlin', readers: 3 },
      { zone: 'Asia/Tokyo', readers: 1 },
      { zone: 'UTC', readers: 1 },
    ],
    first: new Date('2026-04-15T03:00:00Z'),
    last: new Date('2026-04-15T23:00:00Z'),
    left: { paused: 1, suppressed: 1, otherCadence: 1 },
  })
  expect(seen.hours.filter(({ emails }) => emails > 0).map(({ from, emails }) => [from.getUTCHours(), emails])).toEqual(
    [
      [3, 1],
      [6, 3],
      [23, 1],
    ],
  )
  expect(seen.hours).toHaveLength(21)

  // And so it happens.
  at.now = new Date('2026-04-15T03:00:00Z')
  await release(services, KEY)
  expect((await forecast(services, await findEdition(services, KEY))).readers).toBe(5)
  for (const { from } of seen.hours) {
    at.now = new Date(from.getTime() + 60_000)
    await planDue(services)
  }
  expect(await db.$count(deliveries)).toBe(seen.readers)
  expect((await forecast(services, await findEdition(services, KEY))).readers, 'none is still to come').toBe(0)
})

test('without readers there is nothing to say', async ({ db }) => {
  const services = servicesOn(db)
  await addPapers(db, KEY.date, 3)
  await assemble(services, KEY)
  expect(await forecast(services, await findEdition(services, KEY))).toMatchObject({
    readers: 0,
    hours: [],
    first: null,
    last: null,
  })
})
