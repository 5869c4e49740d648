import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { startDatabaseClock } from '../../../src/runtime/db/clock.ts'
import type { Db } from '../../../src/runtime/db/database.ts'

const SECOND = 1_000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE

/** The database's time, and this machine's monotonic clock, in milliseconds. */
let database: number
let monotonic: number
/** what happens between a request and its reply */
let onTheWay: { request(): void; reply(): void }
const nothing = { request: () => {}, reply: () => {} }

const awake = (ms: number) => {
  database += ms
  monotonic += ms
}
const asleep = (ms: number) => {
  database += ms
}

beforeEach(() => {
  database = Date.parse('2026-12-01T02:00:00Z')
  monotonic = 5 * SECOND
  onTheWay = nothing
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
  vi.spyOn(performance, 'now').mockImplementation(() => monotonic)
  // The machine's own clock is a day off.
  vi.spyOn(Date, 'now').mockImplementation(() => database - 24 * HOUR)
})
afterEach(() => {
  vi.useRealTimers()
  vi.restoreAllMocks()
})

const start = () =>
  startDatabaseClock(
    {
      execute: async () => {
        onTheWay.request()
        const rows = [{ at: database }]
        onTheWay.reply()
        return { rows }
      },
    } as unknown as Db,
    (error) => expect.fail(error.message),
  )

test('a machine that slept for a night is right again within a second', async () => {
  const { now, stop } = await start()
  expect(now().getTime()).toBe(database)
  asleep(8 * HOUR)
  await vi.advanceTimersByTimeAsync(SECOND)
  expect(now().getTime()).toBe(database)
  stop()
})

test.each([
  ['request', { ...nothing, request: () => awake(6 * MINUTE) }],
  ['reply', { ...nothing, reply: () => awake(6 * MINUTE) }],
])('a network that holds back a %s for minutes does not make the clock wrong', async (_name, held) => {
  const { now, stop } = await start()
  awake(MINUTE)
  onTheWay = held
  await vi.advanceTimersByTimeAsync(MINUTE)
  expect(now().getTime()).toBe(database)
  stop()
})

test('a database whose clock is set back is followed within a minute', async () => {
  const { now, stop } = await start()
  database -= HOUR
  awake(MINUTE)
  await vi.advanceTimersByTimeAsync(MINUTE)
  expect(now().getTime()).toBe(database)
  stop()
})
