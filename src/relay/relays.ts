import type { Config } from '../runtime/config/config.ts'
import { parseRelays, type RelaySettings } from '../runtime/config/relay-settings.ts'
import { openAllowance } from './allowance.ts'
import type { Outcome } from './outcome.ts'
import { ALL } from './rates.ts'
import type { Relay } from './relay.ts'
import { openMember, type RelayMember, type RelayObservers } from './relay-member.ts'

/**
 * Opens all relays of SMTP_URL as one. A message goes to the first usable relay, or by weight. When a relay fails before it has the
 * message, the next one gets the same bytes under the same delivery. Each relay has a circuit breaker: a resting relay is not used,
 * and then a check without an email decides whether it is used again.
 */
export function openRelays(
  { SMTP_URL, SMTP_CONNECTIONS }: Pick<Config, 'SMTP_URL' | 'SMTP_CONNECTIONS'>,
  observers: RelayObservers = {},
): Relay {
  const members = parseRelays(SMTP_URL, SMTP_CONNECTIONS).map((settings) => openMember(settings, observers))
  const whole = openAllowance(observers.rates, ALL)
  return {
    connections: connectionsOf(members.map((member) => member.settings)),
    async room(want) {
      const allowed = await whole.allow(want)
      let room = 0
      for (const { breaker, allowance } of members) {
        if (room >= allowed) break
        if (breaker.state() !== 'open') room += await allowance.allow(allowed - room)
      }
      return Math.min(room, allowed)
    },
    async send(envelope, message, held) {
      whole.spend()
      const tried = new Set<RelayMember>()
      let unable = 0
      for (let last: Outcome = NONE_USABLE; ; ) {
        const member = await choose(members, tried)
        // One that rests or is too busy now may carry it later.
        if (!member) return last.elsewhere && unable < members.length ? { ...last, state: 'deferred' } : last
        last = await member.send(envelope, message, held)
        if (!last.relayDown && !last.aboutUs && !last.elsewhere && last.slow !== 'relay') return last
        if (last.elsewhere) unable++
        tried.add(member)
      }
    },
    limited: () => whole.limited() || members.some(({ allowance }) => allowance.limited()),
    restMs() {
      const waits = members.map(({ breaker, allowance }) => Math.max(breaker.restMs(), allowance.retryMs(), 0))
      return Math.max(whole.retryMs(), Math.min(...waits), 0)
    },
    downMs: () => Math.min(...members.map(({ breaker }) => breaker.restMs())),
    close() {
      for (const member of members) member.close()
    },
  }
}

const NONE_USABLE: Outcome = { state: 'deferred', reply: 'no relay can be used', relayDown: true }

/** Returns the relay for the next message, or undefined when none can be used. Waits for a check where only that can tell. */
async function choose(
  members: readonly RelayMember[],
  tried: ReadonlySet<RelayMember>,
): Promise<RelayMember | undefined> {
  const untried = members.filter((member) => !tried.has(member))
  const usable = untried.filter(({ breaker }) => breaker.state() === 'closed')
  const rested = untried.filter(({ breaker }) => breaker.state() === 'half-open')
  for (const member of rested) void member.check()
  if (usable.length > 0) {
    const withinRate = usable.filter(({ allowance }) => allowance.open())
    return nextByWeight(withinRate) ?? withinRate[0] ?? usable[0]
  }
  if (rested.length === 0) return undefined
  await Promise.race(rested.map((member) => member.check()))
  return choose(members, new Set([...tried, ...rested.filter(({ breaker }) => breaker.state() !== 'closed')]))
}

/** Smooth weighted round robin, as in nginx's upstreams: shares are right over a few messages, without randomness. */
function nextByWeight(members: RelayMember[]): RelayMember | undefined {
  const weighted = members.filter(({ settings }) => settings.weight !== undefined)
  const total = weighted.reduce((sum, { settings }) => sum + settings.weight!, 0)
  for (const member of weighted) member.credit += member.settings.weight!
  const next = weighted.sort((a, b) => b.credit - a.credit)[0]
  if (next) next.credit -= total
  return next
}

/** How many messages may be in flight: the sum of the relays with weights, else the preferred relay alone. */
function connectionsOf(relays: RelaySettings[]): number {
  const sharing = relays.filter(({ weight }) => weight !== undefined)
  return (sharing.length > 0 ? sharing : relays.slice(0, 1)).reduce((sum, relay) => sum + relay.connections, 0)
}
