import { openDkim, signing } from '../../relay/dkim.ts'
import { openRates, type Rates } from '../../relay/rates.ts'
import type { Relay } from '../../relay/relay.ts'
import { openRelays } from '../../relay/relays.ts'
import { openRelayRests } from '../../relay/rests.ts'
import type { Services } from '../../runtime/services.ts'
import { type LaterBatches, laterBatches } from '../ledger/later-batches.ts'
import { type EditionRenderer, openEditionRenderer } from './edition-renderer.ts'
import { openWindow, type Window } from './in-flight.ts'
import { openProgressLog, type ProgressLog } from './progress-log.ts'

interface Hands {
  relay: Relay
  rates: Rates
  renderer: EditionRenderer
  window: Window
  later: LaterBatches
  progress: ProgressLog
}

/** What it takes to deliver in this process. */
export type DeliverDeps = Pick<Services, 'db' | 'config' | 'log' | 'now' | 'witness'> & Hands

/** How many batches a process works at once: while one is begun or ended, another one's mails fill the connections. */
export const BATCHES_AT_ONCE = 2

/** To deliver in this process by the relays of the configuration. Its relay is to be closed at the end. */
export async function openHands(services: Services): Promise<DeliverDeps> {
  const { config, db, log, now } = services
  const rates = openRates(db, config, now)
  return handsWith(
    services,
    signing(openRelays(config, { log, rates, rests: openRelayRests(services) }), await openDkim(config), now),
    rates,
  )
}

/** The same by a given relay. */
export const handsWith = <S extends Parameters<typeof openEditionRenderer>[0] & Omit<DeliverDeps, keyof Hands>>(
  services: S,
  relay: Relay,
  rates: Rates = openRates(services.db, services.config, services.now),
): S & Hands => ({
  ...services,
  relay,
  rates,
  renderer: openEditionRenderer(services),
  window: openWindow(2 * relay.connections),
  later: laterBatches(services),
  progress: openProgressLog(services.log),
})
