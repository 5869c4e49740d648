import { onTestFinished } from 'vitest'
import { deliveryContextWith } from '../../src/delivery/send/delivery-context.ts'
import type { Relay } from '../../src/relay/relay.ts'
import { openRelays } from '../../src/relay/relays.ts'
import type { Db } from '../../src/runtime/db/database.ts'
import { number, query, text } from '../../src/runtime/db/query.ts'
import type { Services } from '../../src/runtime/services.ts'
import { openSink, type Sink } from './sink.ts'

/** A signal to stop that never comes. */
export const NEVER = new AbortController().signal

/** Closes it when the test ends. The last one is closed first. */
export function closing<Opened extends { close(): unknown }>(opened: Opened): Opened {
  onTestFinished(async () => void (await opened.close()))
  return opened
}

/** Opens a sink for the test. */
export const sinkThat = async (...behave: Parameters<typeof openSink>): Promise<Sink> =>
  closing(await openSink(...behave))

/** Opens relays for the test. */
export const relaysOn = (SMTP_URL: string, connections = 2): Relay =>
  closing(openRelays({ SMTP_URL, SMTP_CONNECTIONS: connections }))

/** Makes a delivery context for the test, with relays of its own. */
export const workerOn = (services: Services, url: string, connections?: number) =>
  deliveryContextWith(services, relaysOn(url, connections))

/** Counts deliveries by state. */
export async function deliveryStates(db: Db): Promise<Record<string, number>> {
  const rows = await query(db, { state: text, count: number })`
    SELECT state, count(*)::int AS count FROM deliveries GROUP BY state`
  return Object.fromEntries(rows.map(({ state, count }) => [state, count]))
}
