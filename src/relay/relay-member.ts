import type { Logger } from 'pino'
import { redact } from '../lib/redact.ts'
import { shareWhileRunning } from '../lib/share-while-running.ts'
import type { RelaySettings } from '../runtime/config/relay-settings.ts'
import { type Allowance, openAllowance } from './allowance.ts'
import { type Breaker, openBreaker } from './breaker.ts'
import { type Rates, relayBucket } from './rates.ts'
import { openRelay, type Relay } from './relay.ts'
import type { RelayRests } from './rests.ts'

/** One of several relays, with its health and rate in this process. */
export interface RelayMember {
  settings: RelaySettings
  breaker: Breaker
  allowance: Allowance
  /** how far it is behind its share, among relays with weights */
  credit: number
  /** Sends by this relay; breaker and rates learn from the outcome. */
  send: Relay['send']
  /** Checks whether a resting relay works again. Concurrent callers share one check. */
  check(): Promise<void>
  close(): void
}

export interface RelayObservers {
  log?: Logger
  rates?: Rates
  rests?: RelayRests
}

export function openMember(settings: RelaySettings, { log, rates, rests }: RelayObservers): RelayMember {
  const { name } = settings
  const relay = openRelay(settings)
  const breaker = openBreaker()
  const allowance = openAllowance(rates, relayBucket(name), settings.warmup)
  let nextCheck: NodeJS.Timeout | undefined
  /** whether a check proves that it works again: it rests because it could not be reached, not for what it refused */
  let checkProves = false
  let closed = false

  const rest = (reason: string, message: string) => {
    const restMs = Math.round(breaker.restMs())
    log?.warn({ relay: name, reason, restMs }, message)
    void rests?.recordRest(name, reason, restMs)
    relay.turnAway()
    // With nothing to send, no email would find out that it works again.
    clearTimeout(nextCheck)
    if (!closed) nextCheck = setTimeout(() => void check(), restMs).unref()
  }
  const check = shareWhileRunning(() =>
    relay.check().then(
      () => {
        breaker.recordCheck(true)
        log?.info({ relay: name }, 'the relay is used again')
        if (checkProves) void rests?.recordAccepted(name)
      },
      (error) => {
        breaker.recordCheck(false)
        rest(redact(error.response ?? error.message), 'the relay cannot be used yet')
      },
    ),
  )
  return {
    settings,
    breaker,
    allowance,
    credit: 0,
    async send(...args) {
      allowance.spend()
      const outcome = await relay.send(...args)
      const tripped = breaker.record(outcome)
      if (tripped !== undefined) {
        checkProves = outcome.lost === true && !outcome.slow
        rest(tripped, 'the relay rests: it refuses our email or does not answer')
      } else if (outcome.state === 'accepted' && breaker.state() === 'closed') void rests?.recordAccepted(name)
      void rates
        ?.recordReply(relayBucket(name), outcome)
        .catch((error) => log?.warn({ err: error }, 'the rate of a relay was not recorded'))
      return { ...outcome, relay: name }
    },
    check,
    close() {
      closed = true
      clearTimeout(nextCheck)
      relay.close()
    },
  }
}
