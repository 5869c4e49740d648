import { sql } from 'drizzle-orm'
import type { Db } from '../runtime/db/database.ts'

/** What a process finds out about a relay, for the operator to see from every other process. */
export interface RelayRests {
  /** It cannot be used for so long, and why. */
  rests(relay: string, reason: string, restMs: number): void
  /** A check found it well. */
  works(relay: string): void
}

/** A rest that ended without a check is remembered this long: with nothing to send, nobody looks whether the relay is well again. */
const REMEMBERED = '10 minutes'

/** Keeps it in the database. Never waits and never rejects: mail goes on whatever becomes of the note. */
export function openRelayRests(db: Db, onError: (error: Error) => void): RelayRests {
  return {
    rests(relay, reason, restMs) {
      db.execute(sql`
        INSERT INTO relay_rests AS r (relay, since, rest_until, reason)
        VALUES (${relay}, now(), now() + make_interval(secs => ${restMs / 1000}), ${reason})
        ON CONFLICT (relay) DO UPDATE SET rest_until = excluded.rest_until, reason = excluded.reason,
          since = CASE WHEN r.rest_until > now() - ${REMEMBERED}::interval THEN r.since ELSE excluded.since END`).catch(
        onError,
      )
    },
    works(relay) {
      db.execute(sql`DELETE FROM relay_rests WHERE relay = ${relay}`).catch(onError)
    },
  }
}

/** A shorter rest is a restart of the relay. */
const LASTING = '5 minutes'

/** The relays that rest now, or did a moment ago; `lasting` after five minutes. */
export async function restingRelays(
  db: Db,
): Promise<{ relay: string; since: Date; reason: string; lasting: boolean }[]> {
  const { rows } = await db.execute<{ relay: string; since: string; reason: string; lasting: boolean }>(sql`
    SELECT relay, since, reason, since < now() - ${LASTING}::interval AS lasting FROM relay_rests WHERE rest_until > now() - ${REMEMBERED}::interval ORDER BY relay`)
  return rows.map((row) => ({ ...row, since: new Date(row.since) }))
}
