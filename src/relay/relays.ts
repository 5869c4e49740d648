import type { Logger } from 'pino'
import { redact } from '../lib/redact.ts'
import type { Config } from '../runtime/config/config.ts'
import { parseRelays, type RelaySettings, type Warmup } from '../runtime/config/relay-settings.ts'
import { type Breaker, openBreaker } from './breaker.ts'
import type { Outcome } from './outcome.ts'
import { ALL, type Rates, relayBucket } from './rates.ts'
import { openRelay, type Relay, type SingleRelay } from './relay.ts'
import type { RelayRests } from './relay-rests.ts'

/** One of the relays, with what is known of its health in this process. */
interface Member {
  settings: RelaySettings
  relay: SingleRelay
  breaker: Breaker
  check: Promise<void> | undefined
  allowance: Allowance
  /** how far it is behind its share, among those with weights */
  credit: number
}

/** What a bucket granted and is not used yet, until when it holds, and before when asking again is useless; in milliseconds. */
interface Allowance {
  left: number
  until: number
  retryAt: number
}

/** What is not used of a slice is worth nothing after this: it was the rate of another second. */
const SLICE_MS = 1_000

/**
 * All relays of SMTP_URL as one. A message goes to the first that can be used, or by weight; where a relay turns out not to be usable
 * before it has the message, the next one gets the same bytes under the same mark. Each has a breaker: while it rests it is not
 * asked, then a check without a mail decides whether it is used again.
 */
export function openRelays(
  { SMTP_URL, SMTP_CONNECTIONS }: Pick<Config, 'SMTP_URL' | 'SMTP_CONNECTIONS'>,
  { log, rates, record }: { log?: Logger; rates?: Rates; record?: RelayRests } = {},
): Relay {
  const members: Member[] = parseRelays(SMTP_URL, SMTP_CONNECTIONS).map((settings) => ({
    settings,
    relay: openRelay(settings),
    breaker: openBreaker(),
    check: undefined,
    allowance: newAllowance(),
    credit: 0,
  }))
  const whole = newAllowance()
  const limits = (name: string): boolean => rates?.limited(relayBucket(name)) === true

  /** How many of `want` a bucket allows now, of what was taken before or of a new slice. */
  const allowed = async (bucket: string, allowance: Allowance, want: number, warmup?: Warmup): Promise<number> => {
    if (!rates?.limited(bucket)) return want
    const at = performance.now()
    if (at > allowance.until) allowance.left = Math.min(allowance.left, 0)
    if (allowance.left > 0) return Math.min(allowance.left, want)
    if (at < allowance.retryAt) return 0
    const { granted, retryMs } = await rates.take(bucket, want - allowance.left, warmup)
    allowance.left += granted
    allowance.until = at + SLICE_MS
    allowance.retryAt = granted > 0 ? 0 : at + retryMs
    return Math.min(Math.max(allowance.left, 0), want)
  }

  /** Looks whether a rested relay is well again, once however many ask. */
  const check = (member: Member): Promise<void> =>
    (member.check ??= member.relay
      .check()
      .then(
        () => {
          member.breaker.checked(true)
          record?.works(member.settings.name)
          log?.info({ relay: member.settings.name }, 'the relay is used again')
        },
        (error) => {
          member.breaker.checked(false)
          const [relay, reason, restMs] = [
            member.settings.name,
            redact(error.message),
            Math.round(member.breaker.restMs()),
          ]
          record?.rests(relay, reason, restMs)
          log?.warn({ relay, reason, restMs }, 'the relay cannot be used yet')
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
    if (usable.length > 0) {
      const within = usable.filter(({ settings, allowance }) => !limits(settings.name) || allowance.left > 0)
      // Whoever did not ask for room, as a service mail, goes over the rate, and the next slice pays for it.
      return byWeight(within) ?? within[0] ?? usable[0]
    }
    if (rested.length === 0) return undefined
    await Promise.race(rested.map(check))
    return choose(new Set([...tried, ...rested.filter(({ breaker }) => breaker.state() !== 'closed')]))
  }

  return {
    connections: connectionsOf(members.map((member) => member.settings)),
    async room(want) {
      const some = await allowed(ALL, whole, want)
      let room = 0
      for (const { settings, breaker, allowance } of members) {
        if (room >= some) break
        if (breaker.state() === 'open') continue
        room += await allowed(relayBucket(settings.name), allowance, some - room, settings.warmup)
      }
      return Math.min(room, some)
    },
    async send(envelope, message, held) {
      if (rates?.limited(ALL)) whole.left--
      const tried = new Set<Member>()
      for (let last: Outcome = NONE_USABLE; ; ) {
        const member = await choose(tried)
        if (!member) return last
        const relay = member.settings.name
        if (limits(relay)) member.allowance.left--
        const outcome = await member.relay.send(envelope, message, held)
        rates?.handed(relayBucket(relay))
        const tripped = member.breaker.note(outcome)
        if (tripped !== undefined) {
          const restMs = Math.round(member.breaker.restMs())
          record?.rests(relay, tripped, restMs)
          log?.warn({ relay, reason: tripped, restMs }, 'the relay rests: it cannot be used as it is')
        }
        if (outcome.slow === 'relay') void rates?.slowDown(relayBucket(relay)).catch(() => {})
        last = { ...outcome, relay }
        if (!outcome.relayDown && outcome.slow !== 'relay') return last
        tried.add(member)
      }
    },
    limited: () => rates?.limited(ALL) === true || members.some(({ settings }) => limits(settings.name)),
    restMs() {
      const at = performance.now()
      const wait = ({ breaker, allowance }: Member) => Math.max(breaker.restMs(), allowance.retryAt - at, 0)
      return Math.max(whole.retryAt - at, Math.min(...members.map(wait)), 0)
    },
    close() {
      for (const { relay } of members) relay.close()
    },
  }
}

const NONE_USABLE: Outcome = { state: 'deferred', reply: 'no relay can be used', relayDown: true }

const newAllowance = (): Allowance => ({ left: 0, until: 0, retryAt: 0 })

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
