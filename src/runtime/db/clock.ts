import type { Db } from './database.ts'
import { number, queryOne } from './query.ts'

const SYNC_EVERY_MS = 60_000
const LOOK_EVERY_MS = 1_000
/** A machine's own clock is corrected by less than this in a minute, unless it is set. */
const JUMP_MS = 1_000

export interface DatabaseClock {
  now(): Date
  stop(): void
}

/**
 * Starts a clock that shows the database's time: it syncs every minute and uses a monotonic clock in between.
 * So all processes agree on due times and expiry, even if a machine's own clock is wrong or jumps.
 */
export async function startDatabaseClock(db: Db, onError: (error: Error) => void): Promise<DatabaseClock> {
  const machine = () => Date.now() - performance.now()
  // This machine's clock serves until the first sync succeeds.
  let ahead = machine()
  const sync = async () => {
    const before = performance.now()
    const { at } = await queryOne(db, { at: number })`SELECT extract(epoch FROM clock_timestamp())::float8 * 1000 AS at`
    const after = performance.now()
    // The server read its clock about half-way between request and reply. If ours agrees within that doubt, it stays: a network that
    // fails for minutes holds back only one of the two.
    const found = at - (before + after) / 2
    if (Math.abs(found - ahead) > (after - before) / 2) ahead = found
  }
  await sync().catch(onError)
  let syncAt = performance.now() + SYNC_EVERY_MS
  let atSync = machine()
  const look = () => {
    // The monotonic clock stands still while a machine sleeps, the other one does not.
    const jumped = Math.abs(machine() - atSync) > JUMP_MS
    if (performance.now() < syncAt && !jumped) return
    syncAt = performance.now() + SYNC_EVERY_MS
    atSync = machine()
    sync().catch(onError)
  }
  const timer = setInterval(look, LOOK_EVERY_MS).unref()
  return { now: () => new Date(performance.now() + ahead), stop: () => clearInterval(timer) }
}
