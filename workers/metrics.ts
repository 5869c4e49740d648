import { createServer } from 'node:http'
import {
  AggregatorRegistry,
  collectDefaultMetrics,
  type MetricObjectWithValues,
  type MetricValue,
  Registry,
} from 'prom-client'
import { isSameSecret } from '../src/lib/same-secret.ts'
import type { Config } from '../src/runtime/config/config.ts'

type Settings = Pick<Config, 'HOST' | 'WORKER_METRICS_PORT' | 'METRICS_TOKEN'>

/** Measurements of one process in prom-client's form: CPU, memory, delays of the event loop. */
export type Measurements = MetricObjectWithValues<MetricValue<string>>[]

let registry: Registry | undefined

/** Reads the measurements of this process. The first call begins to collect them. */
export function measureProcess(): Promise<Measurements> {
  if (!registry) {
    registry = new Registry()
    collectDefaultMetrics({ register: registry })
  }
  return registry.getMetricsAsJSON()
}

/**
 * Serves `GET /metrics` on WORKER_METRICS_PORT, for the workers of one machine together: sums, and averages or extremes of delays.
 * What the service does as a whole is in the api's `/metrics`. Without that port, nothing is served.
 *
 * @param read the measurements of each process
 * @throws Error EADDRINUSE, with the name of its setting for `describeError`
 */
export async function serveMetrics(
  { HOST, WORKER_METRICS_PORT, METRICS_TOKEN }: Settings,
  read: () => Promise<Measurements[]>,
): Promise<{ close(): Promise<void> }> {
  if (WORKER_METRICS_PORT === undefined) return { close: async () => {} }
  const server = createServer(async ({ method, url, headers }, reply) => {
    if (method !== 'GET' || url !== '/metrics') return reply.writeHead(404).end('Only GET /metrics is here.\n')
    if (METRICS_TOKEN !== undefined && !isSameSecret(headers.authorization ?? '', `Bearer ${METRICS_TOKEN}`)) {
      reply.writeHead(401, { 'www-authenticate': 'Bearer' })
      return reply.end('Send METRICS_TOKEN as a bearer token.\n')
    }
    const all = AggregatorRegistry.aggregate(await read())
    return reply.writeHead(200, { 'content-type': all.contentType }).end(await all.metrics())
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => reject(Object.assign(error, { setting: 'WORKER_METRICS_PORT' })))
    server.listen(WORKER_METRICS_PORT, HOST, resolve)
  })
  return {
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
