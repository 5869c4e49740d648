import type { Db } from './database.ts'
import { number, queryOne } from './query.ts'

const SYNC_EVERY_MS = 60_000

export interface DatabaseClock {
  now(): Date
  stop(): void
}

/**
 * Starts a clock that shows the database's time: it syncs every minute and uses a monotonic clock in between.
 * So all processes agree on due times and expiry, even if a machine's own clock is wrong or jumps.
 */
export async function startDatabaseClock(db: Db, onError: (error: Error) => void): Promise<DatabaseClock> {
  // This machine's clock serves until the first sync succeeds.
  let ahead = Date.now() - performance.now()
  const sync = async () => {
    const before = performance.now()
    const { at } = await queryOne(db, { at: number })`SELECT extract(epoch FROM clock_timestamp())::float8 * 1000 AS at`
    // The server read its clock about half-way between request and reply.
    ahead = at - (before + performance.now()) / 2
  }
  await sync().catch(onError)
  const timer = setInterval(() => sync().catch(onError), SYNC_EVERY_MS).unref()
  return { now: () => new Date(performance.now() + ahead), stop: () => clearInterval(timer) }
}
