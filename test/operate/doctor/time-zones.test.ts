import { expect } from 'vitest'
import { offsetsOf } from '../../../src/calendar/in-zone.ts'
import { checkTimeZones } from '../../../src/operate/doctor/time-zones.ts'
import { test } from '../../support/database.ts'
import { addSubscriber, NOON } from '../../support/services.ts'

/** Zone data that ends Berlin's summer time in June. */
const ofAnotherRelease: typeof offsetsOf = (zone) => {
  const offsetAt = offsetsOf(zone)
  return (at) => (zone === 'Europe/Berlin' && at >= Date.parse('2026-06-01') ? 3_600_000 : offsetAt(at))
}

test('zone data of PostgreSQL and Node that differ in a zone of readers are a warning', async ({ db }) => {
  const deps = { db, now: () => NOON }
  for (const zone of ['UTC', 'Asia/Kathmandu', 'Australia/Lord_Howe', 'Pacific/Chatham', 'Europe/Kyiv', 'No/Zone'])
    await addSubscriber(db, `${zone.replace('/', '-')}@example.org`, { zone })
  expect(await checkTimeZones(deps, ofAnotherRelease)).toEqual([])
  await addSubscriber(db, 'gone@example.org', { zone: 'Europe/Berlin', status: 'unsubscribed' })
  expect(await checkTimeZones(deps, ofAnotherRelease), 'no digest comes there').toEqual([])
  await addSubscriber(db, 'ada@example.org', { zone: 'Europe/Berlin' })
  expect(await checkTimeZones(deps)).toEqual([])
  expect(await checkTimeZones(deps, ofAnotherRelease)).toEqual([
    {
      part: 'Time zones',
      state: 'warning',
      message: expect.stringContaining('clocks of Europe/Berlin: digests for 1 reader may'),
      remedy: expect.stringContaining('tzdata'),
    },
  ])
})
