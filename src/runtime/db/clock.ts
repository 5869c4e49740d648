import { sql } from 'drizzle-orm'
import type { Db } from './database.ts'

const ASK_EVERY_MS = 60_000

export interface DatabaseClock {
  now(): Date
  stop(): void
}

/**
 * The database's time, carried on between askings by a clock that only goes forward: what is due, and what is too late, is then the
 * same for every process, however wrong its machine's clock is or whatever it jumps to.
 */
export async function databaseClock(db: Db, onError: (error: Error) => void): Promise<DatabaseClock> {
  // Until the database has been reached once, this machine's clock must do.
  let ahead = Date.now() - performance.now()
  const ask = async () => {
    const before = performance.now()
    const { rows } = await db.execute<{ at: string }>(
      sql`SELECT extract(epoch FROM clock_timestamp())::float8 * 1000 AS at`,
    )
    // Said about half-way between the question and the answer.
    ahead = Number(rows[0]!.at) - (before + performance.now()) / 2
  }
  await ask().catch(onError)
  const asking = setInterval(() => ask().catch(onError), ASK_EVERY_MS).unref()
  return { now: () => new Date(performance.now() + ahead), stop: () => clearInterval(asking) }
}
