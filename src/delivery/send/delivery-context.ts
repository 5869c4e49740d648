import { shareWhileRunning } from '../../lib/share-while-running.ts'
import { openDkim, signing } from '../../relay/dkim.ts'
import { type InFlight, openInFlight } from '../../relay/in-flight.ts'
import { openRates, type Rates } from '../../relay/rates.ts'
import type { Relay } from '../../relay/relay.ts'
import { openRelays } from '../../relay/relays.ts'
import { openRelayRests } from '../../relay/rests.ts'
import type { Services } from '../../runtime/services.ts'
import { passRestoreGuard } from '../ledger/restore-guard.ts'
import { openRetryBatches, type RetryBatches } from '../ledger/retry-batches.ts'
import { type EditionRenderer, openEditionRenderer } from './edition-renderer.ts'
import { openProgressLog, type ProgressLog } from './progress-log.ts'

interface Delivery {
  relay: Relay
  rates: Rates
  renderer: EditionRenderer
  inFlight: InFlight
  retries: RetryBatches
  progress: ProgressLog
  /** `passRestoreGuard`, once for batches that begin together */
  passGuard: () => Promise<boolean>
}

/** Everything that sending needs in one process, shared by its batches. */
export type DeliveryContext = Pick<Services, 'db' | 'config' | 'log' | 'now' | 'restoreMarkers'> & Delivery

/** Batches that a process sends at once: while one begins or ends, two others are marked and sent in turn. */
export const BATCHES_AT_ONCE = 3

/** Opens a context with the configured relays. The caller closes its relay. */
export async function openDeliveryContext(services: Services): Promise<DeliveryContext> {
  const { config, db, log, now } = services
  const rates = openRates(db, config, now)
  return deliveryContextWith(
    services,
    signing(openRelays(config, { log, rates, rests: openRelayRests(services) }), await openDkim(config), now),
    rates,
  )
}

/** Makes a context with a given relay. */
export const deliveryContextWith = <
  S extends Parameters<typeof openEditionRenderer>[0] & Omit<DeliveryContext, keyof Delivery>,
>(
  services: S,
  relay: Relay,
  rates: Rates = openRates(services.db, services.config, services.now),
): S & Delivery => ({
  ...services,
  relay,
  rates,
  renderer: openEditionRenderer(services),
  inFlight: openInFlight(2 * relay.connections),
  retries: openRetryBatches(services),
  progress: openProgressLog(services.log),
  passGuard: shareWhileRunning(() => passRestoreGuard(services)),
})
