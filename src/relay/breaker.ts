import type { Outcome } from './outcome.ts'

/** A circuit breaker for one relay: closed (in use), open (resting), or half-open (a check decides). */
export interface Breaker {
  state(): 'closed' | 'open' | 'half-open'
  /** milliseconds until it may be tried again; 0 unless open */
  restMs(): number
  /** Learns from an outcome. Returns the reason if this outcome tripped it. */
  record(outcome: Outcome): string | undefined
  /** Learns from a check: closes when it succeeded, else opens for longer. */
  recordCheck(succeeded: boolean): void
}

/** An unusable relay rests this long. Each failed check doubles the time, up to the longest. */
const REST_MS = { first: 15_000, longest: 15 * 60_000 }
/** This many refusals of our sender or content, in a row or among the latest replies, are about us and not one message. */
const REFUSALS = { inRow: 5, among: { refusals: 20, replies: 50 } }

/** @param clock monotonic milliseconds */
export function openBreaker(clock: () => number = () => performance.now()): Breaker {
  let openUntil: number | undefined
  let trips = 0
  let latest: boolean[] = []

  const trip = () => {
    const rest = Math.min(REST_MS.first * 2 ** Math.min(trips, 10), REST_MS.longest)
    trips++
    // ± 10 %, so that workers do not all return at once.
    openUntil = clock() + rest * (0.9 + 0.2 * Math.random())
    latest = []
  }
  const isOpen = () => openUntil !== undefined && clock() < openUntil

  return {
    state: () => (openUntil === undefined ? 'closed' : isOpen() ? 'open' : 'half-open'),
    restMs: () => (isOpen() ? openUntil! - clock() : 0),
    record(outcome) {
      if (outcome.state === 'queued') return undefined
      if (outcome.relayDown) {
        // Messages in flight when it tripped fail too, and say nothing new.
        if (openUntil !== undefined) return undefined
        trip()
        return outcome.reply
      }
      latest.push(outcome.aboutUs === true)
      if (latest.length > REFUSALS.among.replies) latest.shift()
      const refusals = latest.filter(Boolean).length
      const inRow = latest.length - 1 - latest.lastIndexOf(false)
      if (openUntil === undefined && (inRow >= REFUSALS.inRow || refusals >= REFUSALS.among.refusals)) {
        trip()
        return `it refuses our sender or content: ${outcome.reply}`
      }
      if (outcome.state === 'accepted' && openUntil === undefined && latest.length === REFUSALS.among.replies) trips = 0
      return undefined
    },
    recordCheck(succeeded) {
      if (succeeded) openUntil = undefined
      else trip()
    },
  }
}
