import { type SQL, sql } from 'drizzle-orm'
import { z } from 'zod'
import { moment, text } from '../runtime/db/query.ts'
import type { Services } from '../runtime/services.ts'

export const RelayRest = z.object({
  relay: text,
  /** when it stopped accepting email */
  since: moment,
  /** it gets no email before this time; then the next email decides */
  until: moment,
  /** its reply, without addresses */
  reply: text,
})
/** A resting relay, as stored in the database. */
export type RelayRest = z.output<typeof RelayRest>

/** Stores which relays rest, for all processes. Never rejects: a failed write stops no email. */
export interface RelayRests {
  recordRest(relay: string, reply: string, restMs: number): Promise<void>
  /** Ends a rest: the relay accepted an email. */
  recordAccepted(relay: string): Promise<void>
}

/** Stores resting relays in the database, so that status, alerts and the admin pages see what one worker found. */
export function openRelayRests({ db, now, log }: Pick<Services, 'db' | 'now' | 'log'>): RelayRests {
  // Relays that accepted since they last rested need no write. Starts empty: a process that died may have left a row.
  const well = new Set<string>()
  // Writes run in order, so that the newest state is written last.
  let last = Promise.resolve()
  const write = (statement: SQL): Promise<void> => {
    last = last
      .then(() => db.execute(statement))
      .then(
        () => {},
        (error) => log.warn({ err: error }, 'could not record that a relay rests'),
      )
    return last
  }
  return {
    recordRest(relay, reply, restMs) {
      well.delete(relay)
      const at = now()
      return write(sql`
        INSERT INTO relay_rests AS r (relay, since, until, reply) VALUES (${relay}, ${at}, ${new Date(at.getTime() + restMs)}, ${reply})
        ON CONFLICT (relay) DO UPDATE SET until = greatest(r.until, excluded.until), reply = excluded.reply`)
    },
    async recordAccepted(relay) {
      if (well.has(relay)) return
      well.add(relay)
      await write(sql`DELETE FROM relay_rests WHERE relay = ${relay}`)
    },
  }
}
