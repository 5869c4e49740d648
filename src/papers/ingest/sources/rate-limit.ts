import { setTimeout as sleep } from 'node:timers/promises'
import { sql } from 'drizzle-orm'
import { PaperboyError } from '../../../lib/errors.ts'
import type { Db } from '../../../runtime/db/database.ts'

/** How often a source may be asked, by all processes together. */
export interface RateLimit {
  /**
   * Waits for this request's turn.
   * @throws PaperboyError SOURCE_UNAVAILABLE when that is further away than anybody should wait
   */
  acquire(): Promise<void>
  /** Nobody's turn comes before `ms` have passed: the source asked for it. */
  pause(ms: number): Promise<void>
}

const LONGEST_WAIT_S = 60

/**
 * @param everyMs the least time from one turn to the next; a row of `source_pace` hands the turns out, by the database's clock
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
      const { rows } = await db.execute<{ wait_ms: number }>(sql`
        INSERT INTO source_pace AS pace (source, next_at) VALUES (${source}, now() + ${every})
        ON CONFLICT (source) DO UPDATE SET next_at = greatest(pace.next_at, now()) + ${every}
          WHERE pace.next_at < now() + make_interval(secs => ${LONGEST_WAIT_S})
        RETURNING (extract(epoch FROM next_at - ${every} - now()) * 1000)::float8 AS wait_ms`)
      const turn = rows[0]
      if (!turn)
        throw new PaperboyError('SOURCE_UNAVAILABLE', `${source} asked to be left alone for more than a minute.`)
      if (turn.wait_ms > 0) await wait(turn.wait_ms)
    },
    async pause(ms) {
      await db.execute(sql`
        INSERT INTO source_pace AS pace (source, next_at) VALUES (${source}, now() + make_interval(secs => ${ms / 1000}))
        ON CONFLICT (source) DO UPDATE SET next_at = greatest(pace.next_at, excluded.next_at)`)
    },
  }
}
