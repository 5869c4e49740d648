import type { Outcome } from './outcome.ts'

/** Whether a relay may be used: yes, not before a moment, or only after a check has found it well (half-open). */
export interface Breaker {
  state(): 'closed' | 'open' | 'half-open'
  /** milliseconds until it may be tried again; 0 unless open */
  restMs(): number
  /** Learns from an outcome. @returns why, if this one tripped it */
  note(outcome: Outcome): string | undefined
  /** A check found it well, or not. */
  checked(well: boolean): void
}

/** A relay that cannot be used rests this long, doubled with each time it was no better, up to the most. */
const REST_MS = { first: 15_000, most: 15 * 60_000 }
/** So many policy refusals (5.7.x) among the latest outcomes say that the relay, or everybody behind it, dislikes us. */
const POLICY = { refusals: 20, among: 50 }
/** After it tripped, fewer do: each one costs a reader their digest. */
const POLICY_ON_PROBATION = 3

/** @param clock milliseconds that never go back */
export function openBreaker(clock: () => number = () => performance.now()): Breaker {
  let openUntil: number | undefined
  let trips = 0
  let latest: boolean[] = []

  const trip = () => {
    const rest = Math.min(REST_MS.first * 2 ** Math.min(trips, 10), REST_MS.most)
    trips++
    // ± 10 %, so that workers do not come back all at once.
    openUntil = clock() + rest * (0.9 + 0.2 * Math.random())
    latest = []
  }
  const isOpen = () => openUntil !== undefined && clock() < openUntil

  return {
    state: () => (openUntil === undefined ? 'closed' : isOpen() ? 'open' : 'half-open'),
    restMs: () => (isOpen() ? openUntil! - clock() : 0),
    note(outcome) {
      if (outcome.state === 'queued') return undefined
      if (outcome.relayDown) {
        // What was under way when it tripped fails as well, and says nothing new.
        if (openUntil !== undefined) return undefined
        trip()
        return outcome.reply
      }
      latest.push(outcome.policy === true)
      if (latest.length > POLICY.among) latest.shift()
      const refusals = latest.filter(Boolean).length
      if (refusals >= (trips > 0 ? POLICY_ON_PROBATION : POLICY.refusals)) {
        trip()
        return `${refusals} of its latest replies refused us by policy: ${outcome.reply}`
      }
      if (outcome.state === 'accepted' && openUntil === undefined && latest.length === POLICY.among) trips = 0
      return undefined
    },
    checked(well) {
      if (well) openUntil = undefined
      else trip()
    },
  }
}
