import { type SQL, sql } from 'drizzle-orm'

const MINUTE = 60_000

/**
 * How often an email is tried, and until when: the same for digests, service emails and sign-in links (rule 2).
 *
 * Resends are for unknown outcomes, under the same Message-ID, with UNKNOWN_POLICY=resend. With one after a crash, six of 20,000 readers
 * were left unknown by 20 kills, since the second of two can hit what the first has made a resend. Without an end, a message that kills
 * its worker would do so for ever. Waits double from the first to the longest. A digest expires DIGEST_EXPIRY_HOURS after its due time.
 */
const ATTEMPTS = {
  resendsAfterCrashes: 3,
  resendsAfterCuts: 3,
  digest: { firstWaitMs: 5 * MINUTE, longestWaitMs: 240 * MINUTE },
  // Its link can be asked for again after two days.
  service: { firstWaitMs: MINUTE, longestWaitMs: 60 * MINUTE, expiresAfterMinutes: 48 * 60 },
  // Its link is good for a quarter of an hour.
  'sign-in': { firstWaitMs: MINUTE / 4, longestWaitMs: 2 * MINUTE, expiresAfterMinutes: 15 },
} as const

type EmailKind = 'digest' | 'service' | 'sign-in'

/** Milliseconds that an email rests after its nth hand-over: doubled each time, ± 20 % so that a crowd spreads. */
export function retryDelayMs(kind: EmailKind, handOvers: number): number {
  const { firstWaitMs, longestWaitMs } = ATTEMPTS[kind]
  return Math.min(firstWaitMs * 2 ** (handOvers - 1), longestWaitMs) * (0.8 + 0.4 * Math.random())
}

/** For how long an email of the outbox is tried. */
export const expiresAfterMinutes = (kind: 'service' | 'sign-in'): number => ATTEMPTS[kind].expiresAfterMinutes

/*
 * The states of an attempt, as SQL for rows of `deliveries` and of `outbox`: both have state, hand_overs, crashes, cuts and reply.
 * Mark (`handed`, hand_overs + 1) → hand over → record → try again while `needsAttempt`.
 */

/** Rows that are still to be handed over, for the first time or again. */
export const needsAttempt = (row: SQL, policy: 'resend' | 'hold'): SQL<boolean> =>
  policy === 'hold'
    ? sql`${row}.state IN ('queued', 'deferred')`
    : sql`(${row}.state IN ('queued', 'deferred')
        OR (${row}.state = 'unknown' AND ${row}.crashes <= ${ATTEMPTS.resendsAfterCrashes} AND ${row}.cuts <= ${ATTEMPTS.resendsAfterCuts}))`

/** Assignments for rows that a dead worker left `handed`. */
export const AFTER_WORKER_DEATH = sql`state = 'unknown', crashes = crashes + 1, reply = 'the worker died before the reply'`

/** What a row becomes by an outcome's state: one that was not begun after all is again what it was before its mark. */
export const afterOutcome = (row: SQL, outcome: SQL) => ({
  state: sql`CASE WHEN ${outcome} <> 'queued' THEN ${outcome} WHEN ${row}.crashes + ${row}.cuts > 0 THEN 'unknown'
    WHEN ${row}.hand_overs > 1 THEN 'deferred' ELSE 'queued' END::delivery_state`,
  handOvers: sql`${row}.hand_overs - (${outcome} = 'queued')::int`,
  cuts: sql`${row}.cuts + (${outcome} = 'unknown' AND ${row}.state = 'handed')::int`,
})

/** An outcome is recorded for its own hand-over only, also where a successor called that one `unknown`. */
export const isAttempt = (row: SQL, handOvers: SQL): SQL<boolean> =>
  sql`${row}.hand_overs = ${handOvers} AND ${row}.state IN ('handed', 'unknown')`

/** The reply of a delivery `d` that ends without another hand-over: ours, and what the relay said before. */
export const withEarlierReply = (words: string | SQL): SQL<string> =>
  sql`concat_ws('; before: ', ${words}::text, d.reply)`
