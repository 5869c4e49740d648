import { type SQL, sql } from 'drizzle-orm'

const MINUTE = 60_000

/**
 * Limits and delays of attempts, the same rules for digests, service emails and sign-in links (rule 2).
 *
 * Resends follow unknown outcomes, with the same Message-ID, under UNKNOWN_POLICY=resend. With one resend after a crash, 20 kills left
 * 6 of 20,000 deliveries unknown: a second crash can hit the resend of the first. Without a limit, a message that kills its worker
 * would do so forever. Delays double from the first to the longest. A digest expires DIGEST_EXPIRY_HOURS after its due time.
 */
const ATTEMPTS = {
  resendsAfterCrashes: 3,
  resendsAfterCuts: 3,
  digest: { firstWaitMs: 5 * MINUTE, longestWaitMs: 240 * MINUTE },
  // After two days the reader can request a new link.
  service: { firstWaitMs: MINUTE, longestWaitMs: 60 * MINUTE, expiresAfterMinutes: 48 * 60 },
  // The link expires after 15 minutes.
  'sign-in': { firstWaitMs: MINUTE / 4, longestWaitMs: 2 * MINUTE, expiresAfterMinutes: 15 },
} as const

type EmailKind = 'digest' | 'service' | 'sign-in'

/** Returns milliseconds until the next attempt after attempt n: doubled each time, ± 20 % to spread many retries. */
export function retryDelayMs(kind: EmailKind, attempt: number): number {
  const { firstWaitMs, longestWaitMs } = ATTEMPTS[kind]
  return Math.min(firstWaitMs * 2 ** (attempt - 1), longestWaitMs) * (0.8 + 0.4 * Math.random())
}

/** Returns how long an outbox email is retried. */
export const expiresAfterMinutes = (kind: 'service' | 'sign-in'): number => ATTEMPTS[kind].expiresAfterMinutes

/*
 * The states of an attempt, as SQL for rows of `deliveries` and `outbox`: both have state, hand_overs (attempts), crashes, cuts, reply.
 * Mark (`handed`, hand_overs + 1) → send → record → retry while `needsAttempt`.
 */

/** Rows that need an attempt, the first or a further one. */
export const needsAttempt = (row: SQL, policy: 'resend' | 'hold'): SQL<boolean> =>
  policy === 'hold'
    ? sql`${row}.state IN ('queued', 'deferred')`
    : sql`(${row}.state IN ('queued', 'deferred')
        OR (${row}.state = 'unknown' AND ${row}.crashes <= ${ATTEMPTS.resendsAfterCrashes} AND ${row}.cuts <= ${ATTEMPTS.resendsAfterCuts}))`

/** Assignments for rows still `handed` after their worker died. */
export const AFTER_WORKER_DEATH = sql`state = 'unknown', crashes = crashes + 1, reply = 'the worker died before the reply'`

/**
 * Returns a row's new columns for an outcome. `queued`, an attempt that never began, restores the state before the mark. Under `hold`,
 * no unknown row is marked: one that may have arrived waits because an operator sends it again.
 */
export const afterOutcome = (row: SQL, outcome: SQL, policy: 'resend' | 'hold') => ({
  state: sql`CASE WHEN ${outcome} <> 'queued' THEN ${outcome} WHEN ${policy === 'resend'} AND ${row}.crashes + ${row}.cuts > 0 THEN 'unknown'
    WHEN ${row}.hand_overs > 1 THEN 'deferred' ELSE 'queued' END::delivery_state`,
  attempts: sql`${row}.hand_overs - (${outcome} = 'queued')::int`,
  cuts: sql`${row}.cuts + (${outcome} = 'unknown' AND ${row}.state = 'handed')::int`,
})

/** Whether the reader may have this email: it was accepted, is on its way, or an attempt's outcome is unknown. */
export const mayHaveArrived = (row: SQL): SQL<boolean> =>
  sql`(${row}.state IN ('handed', 'accepted', 'unknown') OR ${row}.crashes + ${row}.cuts > 0)`

/** Whether a row is at this attempt, also if another worker has set it to `unknown`. Outcomes are recorded for their own attempt only. */
export const isAttempt = (row: SQL, attempt: SQL): SQL<boolean> =>
  sql`${row}.hand_overs = ${attempt} AND ${row}.state IN ('handed', 'unknown')`
