import type { Session } from './smtp-session.ts'

const SAMPLES = 3
/** A message needs two: one for its envelope (with PIPELINING), one for its content. */
const ROUND_TRIPS = 2
/** Emails a second that one worker's core sends to a near relay: `npm run bench -- delivery`. */
const CORE_RATE = 2_000
/** The most that SMTP_CONNECTIONS takes. */
const MOST_CONNECTIONS = 200

/** Returns the shortest time in milliseconds that a relay took to answer a command; Infinity if it did not. */
export async function measureRoundTrip(session: Pick<Session, 'reset'>): Promise<number> {
  let least = Number.POSITIVE_INFINITY
  for (let sample = 0; sample < SAMPLES; sample++) {
    const start = performance.now()
    if (await session.reset()) least = Math.min(least, performance.now() - start)
  }
  return least
}

/**
 * Says how many emails a second a relay so far away can take, and with how many connections one worker's core would be the limit.
 * @returns undefined if the connections are enough
 */
export function adviseConnections(
  roundTripMs: number,
  connections: number,
): { perSecond: number; connections: number } | undefined {
  const perSecond = (connections * 1000) / (ROUND_TRIPS * roundTripMs)
  const enough = Math.min(Math.ceil((CORE_RATE * ROUND_TRIPS * roundTripMs) / 1000), MOST_CONNECTIONS)
  return perSecond < CORE_RATE && connections < enough
    ? { perSecond: Math.floor(perSecond), connections: enough }
    : undefined
}
