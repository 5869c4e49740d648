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
/** So many refusals of what we are or send among the latest replies, or in a row, mean the relay dislikes us and not one message. */
const REFUSALS = { inRow: 5, among: { refusals: 20, replies: 50 } }

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
      latest.push(outcome.aboutUs === true)
      if (latest.length > REFUSALS.among.replies) latest.shift()
      const refusals = latest.filter(Boolean).length
      const inRow = latest.length - 1 - latest.lastIndexOf(false)
      if (openUntil === undefined && (inRow >= REFUSALS.inRow || refusals >= REFUSALS.among.refusals)) {
        trip()
        return `it refuses what we are or send: ${outcome.reply}`
      }
      if (outcome.state === 'accepted' && openUntil === undefined && latest.length === REFUSALS.among.replies) trips = 0
      return undefined
    },
    checked(well) {
      if (well) openUntil = undefined
      else trip()
    },
  }
}
