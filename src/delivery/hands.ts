import type { Services } from '../services.ts'
import type { DeliverDeps } from './deliver-batch.ts'
import { digestPress } from './digest-press.ts'
import { openDkim, signing } from './dkim.ts'
import { openRates } from './rates.ts'
import { openRelays } from './relays.ts'

/** What it takes to deliver in this process. Its relay is to be closed at the end. */
export async function openHands(services: Services): Promise<DeliverDeps> {
  const { config, db, log, now } = services
  const rates = openRates(db, config)
  const relay = signing(openRelays(config, { log, rates }), await openDkim(config), now)
  return { ...services, relay, rates, press: digestPress(services) }
}
