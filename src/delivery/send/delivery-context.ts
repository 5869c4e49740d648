import { openDkim, signing } from '../../relay/dkim.ts'
import { openRates, type Rates } from '../../relay/rates.ts'
import type { Relay } from '../../relay/relay.ts'
import { openRelays } from '../../relay/relays.ts'
import { openRelayRests } from '../../relay/rests.ts'
import type { Services } from '../../runtime/services.ts'
import { openRetryBatches, type RetryBatches } from '../ledger/retry-batches.ts'
import { type DigestPress, digestPress } from './edition-renderer.ts'
import { type InFlight, openInFlight } from './in-flight.ts'
import { openProgressLog, type ProgressLog } from './progress-log.ts'

interface Hands {
  relay: Relay
  rates: Rates
  press: DigestPress
  window: InFlight
  later: RetryBatches
  progress: ProgressLog
}

/** What it takes to deliver in this process. */
export type DeliveryContext = Pick<Services, 'db' | 'config' | 'log' | 'now' | 'restoreMarker'> & Hands

/** How many batches a process works at once: while one is begun or ended, another one's mails fill the connections. */
export const BATCHES_AT_ONCE = 2

/** To deliver in this process by the relays of the configuration. Its relay is to be closed at the end. */
export async function openDeliveryContext(services: Services): Promise<DeliveryContext> {
  const { config, db, log, now } = services
  const rates = openRates(db, config, now)
  return deliveryContextWith(
    services,
    signing(openRelays(config, { log, rates, rests: openRelayRests(services) }), await openDkim(config), now),
    rates,
  )
}

/** The same by a given relay. */
export const deliveryContextWith = <S extends Parameters<typeof digestPress>[0] & Omit<DeliveryContext, keyof Hands>>(
  services: S,
  relay: Relay,
  rates: Rates = openRates(services.db, services.config, services.now),
): S & Hands => ({
  ...services,
  relay,
  rates,
  press: digestPress(services),
  window: openInFlight(2 * relay.connections),
  later: openRetryBatches(services),
  progress: openProgressLog(services.log),
})
