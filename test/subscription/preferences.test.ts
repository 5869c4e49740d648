import { describe, expect } from 'vitest'
import { planDue } from '../../src/delivery/plan/plan-due.ts'
import { deliverBatch } from '../../src/delivery/send/deliver-batch.ts'
import { assemble } from '../../src/edition/draft/assemble.ts'
import { release } from '../../src/edition/draft/release.ts'
import { mintToken } from '../../src/mail/tokens.ts'
import type { Db } from '../../src/runtime/db/database.ts'
import { deliveries, subscribers } from '../../src/runtime/db/schema.ts'
import type { Services } from '../../src/runtime/services.ts'
import type { PreferenceChanges } from '../../src/subscription/preference-rules.ts'
import { readPreferences, savePreferences, undoPreferences } from '../../src/subscription/preferences.ts'
import { test } from '../support/database.ts'
import { NEVER, sinkThat, workerOn } from '../support/sending.ts'
import { addPapers, addSubscriber, NOON, readerOf, releasedEdition, servicesOn } from '../support/services.ts'

const ADA = 'ada@example.org'
const DAY = 86_400_000
const tokenOf = ({ keys }: Services, id: number) => mintToken(keys, 'preferences', id, NOON)

async function reader(db: Db, values: Parameters<typeof addSubscriber>[2] = {}, at = { now: NOON }) {
  const services = servicesOn(db, {}, at)
  const id = await addSubscriber(db, ADA, values)
  const token = tokenOf(services, id)
  return {
    services,
    id,
    token,
    save: (wishes: PreferenceChanges) => savePreferences(services, token, wishes),
    nextDigest: async () => (await readerOf(db, id)).nextDigestAt!.toISOString(),
  }
}

test('reading returns the preferences and changes nothing', async ({ db }) => {
  const { services, id, token } = await reader(db, { zone: 'Asia/Tokyo', hour: 7, cadence: 'weekdays', size: 5 })
  const before = await readerOf(db, id)
  expect(await readPreferences(services, token)).toEqual({
    zone: 'Asia/Tokyo',
    hour: 7,
    cadence: 'weekdays',
    size: 5,
    weekday: 1,
    topics: [],
    keywords: [],
    likeVoted: false,
    share: 'some',
    authors: [],
    organisations: [],
    likePapers: [],
    sourceLinks: false,
    abstracts: false,
    locale: 'en',
    format: 'html',
    pausedUntil: null,
    pausedUntilDay: null,
    status: 'active',
    nextDigestAt: new Date('2026-04-16T08:00:00Z'),
    version: expect.any(String),
    previousVersion: null,
  })
  expect(await readerOf(db, id)).toEqual(before)
})

test('saving changes only the given preferences and moves the next digest at once', async ({ db }) => {
  const { save, nextDigest } = await reader(db)
  expect(await save({ hour: 20 })).toMatchObject({ hour: 20, zone: 'UTC', cadence: 'daily', size: 10 })
  expect(await nextDigest(), 'today still').toBe('2026-04-15T20:00:00.000Z')
  expect(await save({ zone: 'Asia/Tokyo' })).toMatchObject({ hour: 20, zone: 'Asia/Tokyo' })
  expect(await nextDigest()).toBe('2026-04-16T11:00:00.000Z')
  await save({ cadence: 'weekly', hour: 8 })
  expect(await nextDigest(), 'Monday in Tokyo').toBe('2026-04-19T23:00:00.000Z')
  expect(await save({ size: 20 })).toMatchObject({ size: 20, cadence: 'weekly', hour: 8 })
})

test('saving at the minute of an unplanned due digest does not lose it', async ({ db }) => {
  const { save, nextDigest } = await reader(db, { nextDigestAt: new Date(NOON.getTime() - 60_000) })
  await save({ size: 5 })
  expect(await nextDigest()).toBe('2026-04-15T11:59:00.000Z')
})

test.for([
  ['saving', { cadence: 'weekly' }, { cadence: 'daily' }, 'moved to weekly'],
  ['undo', { cadence: 'weekly' }, { cadence: 'daily' }, 'moved to weekly'],
  ['saving', { pauseWeeks: 1 }, { pauseWeeks: 0 }, 'paused'],
  ['undo', { pauseWeeks: 1 }, { pauseWeeks: 0 }, 'paused'],
] as const)(
  'an edition that was skipped between a change and its %s back is due again, once: %j',
  async ([how, change, back, why], { db }) => {
    const at = { now: NOON }
    const { services, token, save, nextDigest } = await reader(db, { hour: 12, nextDigestAt: NOON }, at)
    const sink = await sinkThat()
    const send = async (batchIds: readonly number[]) => {
      for (const batchId of batchIds) await deliverBatch(workerOn(services, sink.url), batchId, NEVER)
    }
    const states = async () => (await db.select().from(deliveries)).map(({ state, reply }) => `${state}: ${reply}`)
    await releasedEdition(services)
    const { batchIds } = await planDue(services)
    await save(change)
    await send(batchIds)
    expect(await states()).toEqual([`skipped: ${why}`])
    at.now = new Date(NOON.getTime() + 60_000)
    await (how === 'undo' ? undoPreferences(services, token) : save(back))
    expect(await nextDigest(), 'due as it was').toBe(NOON.toISOString())
    await send((await planDue(services)).batchIds)
    expect(await states()).toEqual([expect.stringMatching(/^accepted/)])
    expect(await nextDigest()).toBe('2026-04-16T12:00:00.000Z')
    await save(change)
    await save(back)
    expect(await nextDigest(), 'they have it').toBe('2026-04-16T12:00:00.000Z')
    expect([await states(), sink.taken.length]).toEqual([[expect.stringMatching(/^accepted/)], 1])
  },
)

test.for([
  [{ cadence: 'weekly' }, { cadence: 'daily' }, -60_000],
  [{ cadence: 'weekly' }, { cadence: 'daily' }, 30_000],
  [{ pauseWeeks: 1 }, { pauseWeeks: 0 }, -60_000],
  [{ pauseWeeks: 1 }, { pauseWeeks: 0 }, 30_000],
  [{ cadence: 'weekly', pauseWeeks: 1 }, { cadence: 'daily', pauseWeeks: 0 }, 30_000],
] as const)(
  'a digest that was not planned yet is due again after %j and %j, once; it was due %i ms after the change',
  async ([change, back, due], { db }) => {
    const at = { now: NOON }
    const hour = new Date(NOON.getTime() + due)
    const { services, token, save, nextDigest } = await reader(db, { nextDigestAt: hour }, at)
    const later = (ms: number) => {
      at.now = new Date(NOON.getTime() + ms)
    }
    await save(change)
    later(60_000)
    await undoPreferences(services, token)
    expect(await nextDigest(), 'undone').toBe(hour.toISOString())
    await save(change)
    for (const other of [{ size: 5 }, { hour: 9 }, { hour: 8 }]) await save(other)
    await save(back)
    expect(await nextDigest(), 'saved').toBe(hour.toISOString())
    await releasedEdition(services)
    expect((await planDue(services)).deliveries).toBe(1)
    await save(change)
    await save(back)
    expect(await nextDigest(), 'planned').toBe('2026-04-16T08:00:00.000Z')
    expect((await planDue(services)).deliveries).toBe(0)
  },
)

test.for([
  ['weekly', { cadence: 'weekly' }, { cadence: 'daily' }],
  ['a pause', { pauseWeeks: 1 }, { pauseWeeks: 0 }],
] as const)(
  'a digest that was due 13 hours before the end of %s is not due again',
  async ([, change, back], { db }) => {
    const at = { now: NOON }
    const { services, token, save, nextDigest } = await reader(db, { nextDigestAt: NOON }, at)
    await save(change)
    at.now = new Date(NOON.getTime() + 13 * 3_600_000)
    await undoPreferences(services, token)
    expect(await nextDigest(), 'undone').toBe('2026-04-16T08:00:00.000Z')
    await undoPreferences(services, token)
    await save(back)
    expect(await nextDigest(), 'saved').toBe('2026-04-16T08:00:00.000Z')
  },
)

test.for([
  ['an earlier hour', [{ hour: 8 }], { hour: 12 }],
  ['a later hour', [{ hour: 13 }], { hour: 12 }],
  ['two other hours', [{ hour: 14 }, { hour: 15 }], { hour: 12 }],
  ['two other hours to the first of them', [{ hour: 11 }, { hour: 8 }], { hour: 12 }],
  ['another zone', [{ zone: 'Asia/Tokyo' }], { zone: 'Europe/London', hour: 13 }],
  ['weekdays', [{ cadence: 'weekdays', hour: 11 }], { cadence: 'daily', hour: 12 }],
  ['another hour and a pause', [{ hour: 8 }, { pauseWeeks: 1 }], { hour: 12, pauseWeeks: 0 }],
  ['a pause and another hour', [{ pauseWeeks: 1 }, { hour: 8 }], { hour: 12, pauseWeeks: 0 }],
] as const)(
  'who moves to %s just before their hour, and back just after it, gets the digest, once',
  async ([, changes, back], { db }) => {
    const at = { now: new Date(NOON.getTime() - 30_000) }
    const { services, save, nextDigest } = await reader(db, { hour: 12, nextDigestAt: NOON }, at)
    for (const change of changes) await save(change)
    at.now = new Date(NOON.getTime() + 30_000)
    await save(back)
    expect(await nextDigest()).toBe(NOON.toISOString())
    await save({ size: 5 })
    expect(await nextDigest(), 'still').toBe(NOON.toISOString())
    await releasedEdition(services)
    expect((await planDue(services)).deliveries).toBe(1)
    for (const change of changes) await save(change)
    await save(back)
    expect(await nextDigest(), 'planned').toBe('2026-04-16T12:00:00.000Z')
  },
)

test('who moves to a later hour gets the digest then, also after another change in between', async ({ db }) => {
  const at = { now: new Date(NOON.getTime() - 30_000) }
  const { save, nextDigest } = await reader(db, { hour: 12, nextDigestAt: NOON }, at)
  await save({ hour: 13 })
  at.now = new Date(NOON.getTime() + 30_000)
  await save({ size: 5 })
  expect(await nextDigest()).toBe('2026-04-15T13:00:00.000Z')
  await save({ hour: 14 })
  expect(await nextDigest()).toBe('2026-04-15T14:00:00.000Z')
})

test('an hour whose digest was planned at another hour since is not due again', async ({ db }) => {
  const at = { now: new Date(NOON.getTime() - 30_000) }
  const { services, save, nextDigest } = await reader(db, { hour: 12, nextDigestAt: NOON }, at)
  await releasedEdition(services)
  await save({ hour: 13 })
  at.now = new Date(NOON.getTime() + 3_600_000)
  expect((await planDue(services)).deliveries).toBe(1)
  await save({ hour: 12 })
  expect(await nextDigest()).toBe('2026-04-16T12:00:00.000Z')
})

test('who moves to an earlier hour, gets a digest at it, and moves back, waits for the next day', async ({ db }) => {
  const at = { now: NOON }
  const { services, save, nextDigest } = await reader(db, { hour: 8 }, at)
  await releasedEdition(services)
  await save({ hour: 6 })
  at.now = new Date('2026-04-16T06:00:30Z')
  expect((await planDue(services)).deliveries).toBe(1)
  at.now = new Date('2026-04-16T09:00:00Z')
  await save({ hour: 8 })
  expect(await nextDigest()).toBe('2026-04-17T08:00:00.000Z')
})

test('an hour of the day before, more than 12 hours ago, is not due again', async ({ db }) => {
  const at = { now: new Date(NOON.getTime() - 30_000) }
  const { save, nextDigest } = await reader(db, { hour: 12, nextDigestAt: NOON }, at)
  await save({ hour: 8 })
  at.now = new Date(NOON.getTime() + 13 * 3_600_000)
  await save({ hour: 12 })
  expect(await nextDigest()).toBe('2026-04-16T12:00:00.000Z')
})

test.for([
  ['a daily digest after 13 hours', {}, { pauseWeeks: 1 }, { pauseWeeks: 0 }, 13],
  ['a daily digest after 13 hours', {}, { cadence: 'weekly' }, { cadence: 'daily' }, 13],
  ['a weekly digest after three days', { cadence: 'weekly', weekday: 3 }, { pauseWeeks: 1 }, { pauseWeeks: 0 }, 72],
] as const)(
  'an edition skipped too long ago stays skipped, and no digest apologises for it: %s, %j, %j',
  async ([, schedule, change, back, hours], { db }) => {
    const at = { now: NOON }
    const { services, save, nextDigest } = await reader(db, { hour: 12, nextDigestAt: NOON, ...schedule }, at)
    const sink = await sinkThat()
    const edition = { kind: 'cadence' in schedule ? 'weekly' : 'daily', date: '2026-04-06' } as const
    await addPapers(db, '2026-04-06', 5)
    await assemble(services, edition)
    await release(services, edition)
    const { batchIds } = await planDue(services)
    await save(change)
    for (const batchId of batchIds) await deliverBatch(workerOn(services, sink.url), batchId, NEVER)
    at.now = new Date(NOON.getTime() + hours * 3_600_000)
    await save(back)
    expect(new Date((await nextDigest())!) > at.now, 'their next hour').toBe(true)
    await planDue(services)
    expect((await db.select().from(deliveries)).map(({ state }) => state)).toEqual(['skipped'])
    expect((await db.select().from(subscribers)).map(({ missedAt }) => missedAt)).toEqual([null])
  },
)

test('an edition that is not the newest any more stays skipped', async ({ db }) => {
  const at = { now: NOON }
  const { services, save, nextDigest } = await reader(db, { hour: 23, nextDigestAt: NOON }, at)
  const sink = await sinkThat()
  await releasedEdition(services, '2026-04-13')
  const { batchIds } = await planDue(services)
  await save({ cadence: 'weekly' })
  for (const batchId of batchIds) await deliverBatch(workerOn(services, sink.url), batchId, NEVER)
  await releasedEdition(services)
  await save({ cadence: 'daily' })
  expect(await nextDigest(), 'their own hour').toBe('2026-04-15T23:00:00.000Z')
  expect((await db.select().from(deliveries)).map(({ reply }) => reply)).toEqual(['moved to weekly'])
})

test('changing from daily to weekly at that minute moves it to the chosen weekday', async ({ db }) => {
  const { save, nextDigest } = await reader(db, { nextDigestAt: new Date(NOON.getTime() - 60_000) })
  await save({ cadence: 'weekdays' })
  expect(await nextDigest(), 'still due').toBe('2026-04-15T11:59:00.000Z')
  await save({ cadence: 'weekly' })
  expect(await nextDigest()).toBe('2026-04-20T08:00:00.000Z')
})

describe('a pause', () => {
  test('lasts its weeks, and the next digest comes at the reader’s hour after it', async ({ db }) => {
    const { save, nextDigest } = await reader(db, { hour: 8, zone: 'Europe/Berlin' })
    expect((await save({ pauseWeeks: 2 })).pausedUntil).toEqual(new Date(NOON.getTime() + 14 * DAY))
    expect(await nextDigest()).toBe('2026-04-30T06:00:00.000Z')
    await save({ hour: 7 })
    expect(await nextDigest(), 'changing the hour does not end it').toBe('2026-04-30T05:00:00.000Z')
  })

  test('of some weeks shortens no longer one, and is longer than one that ends before', async ({ db }) => {
    const { save } = await reader(db)
    const { pausedUntil } = await save({ pausedUntil: '2026-07-01' })
    expect((await save({ pauseWeeks: 2 })).pausedUntil).toEqual(pausedUntil)
    await save({ pausedUntil: '2026-04-17' })
    expect((await save({ pauseWeeks: 2 })).pausedUntil).toEqual(new Date(NOON.getTime() + 14 * DAY))
  })

  test('holds even when a digest is due at that minute', async ({ db }) => {
    const { save, nextDigest } = await reader(db, { nextDigestAt: NOON })
    await save({ pauseWeeks: 1 })
    expect(await nextDigest()).toBe('2026-04-23T08:00:00.000Z')
  })

  test('of no weeks ends a pause, and the next digest comes tomorrow', async ({ db }) => {
    const { save, nextDigest } = await reader(db)
    await save({ pauseWeeks: 3 })
    expect((await save({ pauseWeeks: 0 })).pausedUntil).toBeNull()
    expect(await nextDigest()).toBe('2026-04-16T08:00:00.000Z')
  })

  test('until a date ends with that date in the reader’s time zone', async ({ db }) => {
    const { save, nextDigest } = await reader(db, { hour: 8, zone: 'Pacific/Auckland' })
    const saved = await save({ pausedUntil: '2026-05-04' })
    expect(saved.pausedUntil).toEqual(new Date('2026-05-03T12:00:00Z'))
    expect(saved.pausedUntilDay).toBe('2026-05-04')
    expect(await nextDigest()).toBe('2026-05-03T20:00:00.000Z')
    expect(await save({ pausedUntil: null })).toMatchObject({ pausedUntil: null, pausedUntilDay: null })
    expect(await nextDigest()).toBe('2026-04-15T20:00:00.000Z')
  })
})

test('a pause ends on its day in the zone that the reader moves to', async ({ db }) => {
  const { save, nextDigest } = await reader(db, { hour: 20, zone: 'Europe/Berlin' })
  await save({ pausedUntil: '2026-05-04' })
  const moved = await save({ zone: 'America/New_York' })
  expect(moved.pausedUntilDay).toBe('2026-05-04')
  expect(moved.pausedUntil).toEqual(new Date('2026-05-04T04:00:00Z'))
  expect(await nextDigest()).toBe('2026-05-05T00:00:00.000Z')
  expect((await save({ zone: 'Asia/Tokyo' })).pausedUntil).toEqual(new Date('2026-05-03T15:00:00Z'))
  expect((await save({ zone: 'Europe/Berlin', pausedUntil: null })).pausedUntil, 'unless it ends').toBeNull()
})

test('a pause that has ended does not begin again in another zone', async ({ db }) => {
  const pausedUntil = new Date(NOON.getTime() - 60_000)
  const { save, nextDigest } = await reader(db, { hour: 8, zone: 'Asia/Tokyo', pausedUntil })
  await save({ zone: 'America/New_York', hour: 9 })
  expect(await nextDigest()).toBe('2026-04-15T13:00:00.000Z')
})

test('a pause until a date ends with the digest of its first hour', async ({ db }) => {
  const { save, nextDigest } = await reader(db, { hour: 0, zone: 'Asia/Tokyo' })
  await save({ pausedUntil: '2026-05-04' })
  expect(await nextDigest()).toBe('2026-05-03T15:00:00.000Z')
})

test('a weekly digest comes on the chosen weekday', async ({ db }) => {
  const { save, nextDigest } = await reader(db)
  await save({ cadence: 'weekly', weekday: 7 })
  expect(await nextDigest()).toBe('2026-04-19T08:00:00.000Z')
})

describe('undo', () => {
  test('restores the previous preferences and the next digest; undoing again redoes the change', async ({ db }) => {
    const { services, token, save, nextDigest } = await reader(db, { zone: 'Europe/Berlin', topics: ['speech'] })
    const before = await readPreferences(services, token)
    const changed: PreferenceChanges = {
      hour: 20,
      topics: [],
      keywords: ['lora'],
      size: 20,
      locale: 'de',
      pausedUntil: '2026-05-04',
    }
    const after = await save(changed)
    expect(await undoPreferences(services, token)).toMatchObject({
      ...before,
      nextDigestAt: new Date('2026-04-16T06:00:00Z'),
      previousVersion: after.version,
    })
    expect(await nextDigest()).toBe('2026-04-16T06:00:00.000Z')
    expect(await undoPreferences(services, token)).toEqual(after)
  })

  test.for([
    [{ size: 5 }, { size: 10 }],
    [{ pauseWeeks: 2 }, { pausedUntil: null }],
  ])('of %j that was sent twice, half a second apart, undoes it', async ([change, before], { db }) => {
    const at = { now: NOON }
    const { services, token, save } = await reader(db, {}, at)
    await save(change as PreferenceChanges)
    at.now = new Date(NOON.getTime() + 500)
    await save(change as PreferenceChanges)
    expect(await undoPreferences(services, token)).toMatchObject(before!)
  })

  test('of a save that changed nothing is not offered, and undoes no change of the day before', async ({ db }) => {
    const at = { now: NOON }
    const { services, token, save } = await reader(db, {}, at)
    await save({ size: 5 })
    at.now = new Date(NOON.getTime() + 86_400_000)
    expect(await save({ size: 5 })).toMatchObject({ previousVersion: null })
    expect(await undoPreferences(services, token)).toMatchObject({ size: 5 })
  })

  test('without a saved change does nothing, and never resubscribes a reader', async ({ db }) => {
    const { services, id, token, save } = await reader(db, { status: 'unsubscribed' })
    const before = await readerOf(db, id)
    await undoPreferences(services, token)
    expect(await readerOf(db, id)).toEqual(before)
    await save({ size: 5 })
    expect(await undoPreferences(services, token)).toMatchObject({ status: 'unsubscribed', size: 10 })
  })
})

describe('refuses invalid preferences with a message, and saves nothing', () => {
  const bad: [string, PreferenceChanges, RegExp][] = [
    ['an hour of 24', { size: 5, hour: 24 }, /hour/],
    ['an hour before midnight', { hour: -1 }, /hour/],
    ['half an hour', { hour: 7.5 }, /hour/],
    ['no number', { hour: Number.NaN }, /hour/],
    ['a size that is not offered', { hour: 7, size: 7 }, /papers/],
    ['a cadence that is not offered', { hour: 7, cadence: 'hourly' as 'daily' }, /daily/],
    ['an eighth weekday', { hour: 7, weekday: 8 }, /weekday/],
    ['more topics than anybody reads', { topics: Array.from({ length: 21 }, (_, i) => `topic-${i}`) }, /topics/],
    ['a topic that is no slug', { topics: ["'; DROP TABLE papers; --"] }, /topics/],
    ['a keyword longer than any', { keywords: ['x'.repeat(61)] }, /keywords/],
    ['a keyword of nothing', { keywords: ['  '] }, /keywords/],
    ['a keyword with a line break', { keywords: ['a\nb'] }, /keywords/],
    ['a keyword with a NUL', { keywords: ['a\0b'] }, /keywords/],
    ['a language without a catalogue', { locale: 'tlh' as 'en' }, /language/],
    ['a format of its own', { format: 'pdf' as 'html' }, /format/],
    ['a pause until yesterday', { pausedUntil: '2026-04-14' }, /future day/],
    ['a pause until today', { hour: 7, pausedUntil: '2026-04-15' }, /future day/],
    ['a pause until a day that is none', { pausedUntil: '2026-02-30' }, /future day/],
    ['a pause until the next decade', { pausedUntil: '2036-01-01' }, /future day/],
    ['a pause of years', { hour: 7, pauseWeeks: 53 }, /weeks/],
    ['a pause backwards', { pauseWeeks: -1 }, /weeks/],
    ['an unknown zone', { hour: 7, zone: 'Mars/Olympus' }, /zone/],
    ['a POSIX zone', { hour: 7, zone: 'FOO+3' }, /zone/],
    ['an abbreviation', { hour: 7, zone: 'CEST' }, /zone/],
    ['an empty zone', { hour: 7, zone: '' }, /zone/],
    ['a zone with a NUL', { hour: 7, zone: 'Europe/Berlin\0' }, /zone/],
  ]
  for (const [name, wishes, words] of bad) {
    test(name, async ({ db }) => {
      const { id, save } = await reader(db)
      const before = await readerOf(db, id)
      await expect(save(wishes)).rejects.toMatchObject({
        code: 'BAD_PREFERENCE',
        message: expect.stringMatching(words),
      })
      expect(await readerOf(db, id)).toEqual(before)
    })
  }
})

describe('the link', () => {
  test('of another purpose, of no reader, or of an erased one is unknown', async ({ db }) => {
    const { services, id } = await reader(db)
    const erased = await addSubscriber(db, 'gone@example.org', { status: 'erased' })
    const links = [
      mintToken(services.keys, 'unsubscribe', id, NOON),
      mintToken(services.keys, 'confirm', id, NOON),
      tokenOf(services, 4711),
      tokenOf(services, erased),
      '',
    ]
    for (const link of links) {
      await expect(readPreferences(services, link)).rejects.toMatchObject({ code: 'TOKEN_UNKNOWN' })
      await expect(savePreferences(services, link, { hour: 7 })).rejects.toMatchObject({ code: 'TOKEN_UNKNOWN' })
    }
    expect((await readerOf(db, id)).hour).toBe(8)
  })

  test('of an unsubscribed reader still shows and saves, and does not resubscribe them', async ({ db }) => {
    const { services, token, save } = await reader(db, { status: 'unsubscribed', nextDigestAt: null })
    expect((await readPreferences(services, token)).status).toBe('unsubscribed')
    expect(await save({ cadence: 'weekly' })).toMatchObject({ status: 'unsubscribed', cadence: 'weekly' })
  })
})
