import type { Logger } from 'pino'
import type { Config } from '../config.ts'
import { redact } from '../redact.ts'
import { type Breaker, openBreaker } from './breaker.ts'
import type { Outcome } from './outcome.ts'
import { openRelay, type Relay, type SingleRelay } from './relay.ts'
import { parseRelays, type RelaySettings } from './relay-settings.ts'

/** One of the relays, with what is known of its health in this process. */
interface Member {
  settings: RelaySettings
  relay: SingleRelay
  breaker: Breaker
  check: Promise<void> | undefined
  /** how far it is behind its share, among those with weights */
  credit: number
}

/**
 * All relays of SMTP_URL as one. A message goes to the first that can be used, or by weight; where a relay turns out not to be usable
 * before it has the message, the next one gets the same bytes under the same mark. Each has a breaker: while it rests it is not
 * asked, then a check without a mail decides whether it is used again.
 */
export function openRelays(
  { SMTP_URL, SMTP_CONNECTIONS }: Pick<Config, 'SMTP_URL' | 'SMTP_CONNECTIONS'>,
  log?: Logger,
): Relay {
  const members: Member[] = parseRelays(SMTP_URL, SMTP_CONNECTIONS).map((settings) => ({
    settings,
    relay: openRelay(settings),
    breaker: openBreaker(),
    check: undefined,
    credit: 0,
  }))

  /** Looks whether a rested relay is well again, once however many ask. */
  const check = (member: Member): Promise<void> =>
    (member.check ??= member.relay
      .check()
      .then(
        () => {
          member.breaker.checked(true)
          log?.info({ relay: member.settings.name }, 'the relay is used again')
        },
        (error) => {
          member.breaker.checked(false)
          log?.warn(
            { relay: member.settings.name, reason: redact(error.message), restMs: Math.round(member.breaker.restMs()) },
            'the relay cannot be used yet',
          )
        },
      )
      .finally(() => {
        member.check = undefined
      }))

  const choose = async (tried: ReadonlySet<Member>): Promise<Member | undefined> => {
    const rest = members.filter((member) => !tried.has(member))
    const usable = rest.filter(({ breaker }) => breaker.state() === 'closed')
    const rested = rest.filter(({ breaker }) => breaker.state() === 'half-open')
    for (const member of rested) void check(member)
    if (usable.length > 0) return byWeight(usable) ?? usable[0]
    if (rested.length === 0) return undefined
    await Promise.race(rested.map(check))
    return choose(new Set([...tried, ...rested.filter(({ breaker }) => breaker.state() !== 'closed')]))
  }

  return {
    connections: connectionsOf(members.map((member) => member.settings)),
    async send(envelope, message, held) {
      const tried = new Set<Member>()
      for (let last: Outcome = NONE_USABLE; ; ) {
        const member = await choose(tried)
        if (!member) return last
        const outcome = await member.relay.send(envelope, message, held)
        const relay = member.settings.name
        const tripped = member.breaker.note(outcome)
        if (tripped !== undefined) {
          const restMs = Math.round(member.breaker.restMs())
          log?.warn({ relay, reason: tripped, restMs }, 'the relay rests: it cannot be used as it is')
        }
        last = { ...outcome, relay }
        if (!outcome.relayDown && outcome.slow !== 'relay') return last
        tried.add(member)
      }
    },
    restMs: () => Math.min(...members.map(({ breaker }) => breaker.restMs())),
    close() {
      for (const { relay } of members) relay.close()
    },
  }
}

const NONE_USABLE: Outcome = { state: 'deferred', reply: 'no relay can be used', relayDown: true }

/** Smooth weighted turns (as nginx's upstreams take them): shares are right over a few messages, without a die. */
function byWeight(members: Member[]): Member | undefined {
  const weighted = members.filter(({ settings }) => settings.weight !== undefined)
  const total = weighted.reduce((sum, { settings }) => sum + settings.weight!, 0)
  for (const member of weighted) member.credit += member.settings.weight!
  const next = weighted.sort((a, b) => b.credit - a.credit)[0]
  if (next) next.credit -= total
  return next
}

/** How many messages may be under way at once: those that share the mail together, else the preferred one alone. */
function connectionsOf(relays: RelaySettings[]): number {
  const sharing = relays.filter(({ weight }) => weight !== undefined)
  return (sharing.length > 0 ? sharing : relays.slice(0, 1)).reduce((sum, relay) => sum + relay.connections, 0)
}
