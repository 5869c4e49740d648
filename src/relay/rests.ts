import { type SQL, sql } from 'drizzle-orm'
import type { Services } from '../runtime/services.ts'

/** A relay that refuses us, as the database knows it. */
export interface RelayRest {
  relay: string
  /** since when no email was accepted by it */
  since: Date
  /** no email is offered to it before this; afterwards the next email decides */
  until: Date
  /** what it said, without addresses */
  reply: string
}

/** Tells all processes which relays rest. Never rejects: a note that cannot be written stops no email. */
export interface RelayRests {
  rests(relay: string, reply: string, restMs: number): Promise<void>
  /** It accepted an email. */
  accepted(relay: string): Promise<void>
}

/** Writes down in the database which relays rest, so that status, alerts and the admin pages see what one worker met. */
export function openRelayRests({ db, now, log }: Pick<Services, 'db' | 'now' | 'log'>): RelayRests {
  // Relays that accepted since they last rested: nothing is left to be written. A process that died may have left a note.
  const well = new Set<string>()
  // One after another, so that the newest word is the last one written.
  let last = Promise.resolve()
  const write = (statement: SQL): Promise<void> => {
    last = last
      .then(() => db.execute(statement))
      .then(
        () => {},
        (error) => log.warn({ err: error }, 'the rest of a relay was not recorded'),
      )
    return last
  }
  return {
    rests(relay, reply, restMs) {
      well.delete(relay)
      const at = now()
      return write(sql`
        INSERT INTO relay_rests AS r (relay, since, until, reply) VALUES (${relay}, ${at}, ${new Date(at.getTime() + restMs)}, ${reply})
        ON CONFLICT (relay) DO UPDATE SET until = greatest(r.until, excluded.until), reply = excluded.reply`)
    },
    async accepted(relay) {
      if (well.has(relay)) return
      well.add(relay)
      await write(sql`DELETE FROM relay_rests WHERE relay = ${relay}`)
    },
  }
}
