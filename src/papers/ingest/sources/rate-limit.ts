import { setTimeout as sleep } from 'node:timers/promises'
import { sql } from 'drizzle-orm'
import { PaperboyError } from '../../../lib/errors.ts'
import type { Db } from '../../../runtime/db/database.ts'
import { number, query } from '../../../runtime/db/query.ts'

/** Limits requests to a source, across all processes. */
export interface RateLimit {
  /**
   * Waits until a request is allowed.
   * @throws PaperboyError SOURCE_UNAVAILABLE when the wait would be longer than a minute
   */
  acquire(): Promise<void>
  /** Allows no request for `ms` milliseconds, as the source asked with Retry-After. */
  pause(ms: number): Promise<void>
}

const LONGEST_WAIT_S = 60

/**
 * Creates a rate limit in a row of `source_pace`, by the database's clock.
 * @param everyMs shortest time between two requests
 */
export function sourceRateLimit(
  db: Db,
  source: string,
  everyMs: number,
  wait: (ms: number) => Promise<unknown> = sleep,
): RateLimit {
  const every = sql`make_interval(secs => ${everyMs / 1000})`
  return {
    async acquire() {
      const [slot] = await query(db, { waitMs: number })`
        INSERT INTO source_pace AS pace (source, next_at) VALUES (${source}, now() + ${every})
        ON CONFLICT (source) DO UPDATE SET next_at = greatest(pace.next_at, now()) + ${every}
          WHERE pace.next_at < now() + make_interval(secs => ${LONGEST_WAIT_S})
        RETURNING (extract(epoch FROM next_at - ${every} - now()) * 1000)::float8 AS wait_ms`
      if (!slot) throw new PaperboyError('SOURCE_UNAVAILABLE', `${source} allows no request for over a minute.`)
      if (slot.waitMs > 0) await wait(slot.waitMs)
    },
    async pause(ms) {
      await db.execute(sql`
        INSERT INTO source_pace AS pace (source, next_at) VALUES (${source}, now() + make_interval(secs => ${ms / 1000}))
        ON CONFLICT (source) DO UPDATE SET next_at = greatest(pace.next_at, excluded.next_at)`)
    },
  }
}
