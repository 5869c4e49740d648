import { setTimeout as delay } from 'node:timers/promises'
import type { FastifyInstance } from 'fastify'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import { z } from 'zod'
import { isSameSecret } from '../../lib/same-secret.ts'
import { readMetrics, type ServiceMetrics } from '../../operate/metrics.ts'
import { SOURCE_STATES } from '../../papers/ingest/source-health.ts'
import type { Config } from '../../runtime/config/config.ts'
import type { Services } from '../../runtime/services.ts'

/** Counting a million deliveries takes 0.2 s, so scrapes within this time share one result. */
const CACHE_MS = 10_000
/** Prometheus gives up after 10 s by default and then marks the whole process as down. */
const PATIENCE_MS = 4_000

/** Metrics are public only outside production: the number of readers is confidential. */
export const isMetricsEnabled = ({ METRICS_TOKEN, NODE_ENV }: Pick<Config, 'METRICS_TOKEN' | 'NODE_ENV'>): boolean =>
  METRICS_TOKEN !== undefined || NODE_ENV !== 'production'

/** Times every request by its route pattern, which contains no token and no address. */
export function timeRequests(app: FastifyInstance): Registry {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  const seconds = new Histogram({
    name: 'paperboy_http_request_duration_seconds',
    help: 'Time to answer, by method, route and status',
    labelNames: ['method', 'route', 'status'] as const,
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5],
    registers: [registry],
  })
  app.addHook('onResponse', async (request, reply) => {
    const { method, routeOptions } = request
    seconds.observe({ method, route: routeOptions.url ?? 'none', status: reply.statusCode }, reply.elapsedTime / 1000)
  })
  return registry
}

/**
 * GET /metrics in Prometheus' text format: this process, its requests, and the whole service. The service's numbers are the same
 * from every api process. With METRICS_TOKEN, requests need it as a bearer token.
 */
export const metricRoutes: FastifyPluginAsyncZod<Services & { registry: Registry }> = async (
  app,
  { registry, ...services },
) => {
  const token = services.config.METRICS_TOKEN
  const show = gaugesOf(registry)
  let cached: { at: number; measures: ServiceMetrics | undefined } = {
    at: Number.NEGATIVE_INFINITY,
    measures: undefined,
  }
  let reading: Promise<void> | undefined
  const read = async () => {
    const measures = await readMetrics(services).catch((error) => {
      app.log.warn({ err: error }, 'metrics could not be read')
      return undefined
    })
    cached = { at: performance.now(), measures }
    reading = undefined
  }
  /** Reads at most once at a time. Returns undefined after PATIENCE_MS. */
  const measure = async (): Promise<ServiceMetrics | undefined> => {
    const recent = () => (performance.now() - cached.at < CACHE_MS ? cached.measures : undefined)
    if (recent()) return recent()
    reading ??= read()
    await Promise.race([reading, delay(PATIENCE_MS, undefined, { ref: false })])
    return recent()
  }

  const schema = { response: { 200: z.string(), 401: z.string() } }
  app.get('/metrics', { logLevel: 'warn', schema }, async (request, reply) => {
    reply.type('text/plain; charset=utf-8')
    if (token !== undefined && !isSameSecret(request.headers.authorization ?? '', `Bearer ${token}`))
      return reply.code(401).header('www-authenticate', 'Bearer').send('Send METRICS_TOKEN as a bearer token.\n')
    show(await measure())
    return reply.type(registry.contentType).send(await registry.metrics())
  })
}

/** Registers the gauges. @returns a function that sets them, or marks them unknown without measures */
function gaugesOf(registry: Registry): (measures: ServiceMetrics | undefined) => void {
  const gauge = <Label extends string>(name: string, help: string, ...labelNames: Label[]) =>
    new Gauge({ name: `paperboy_${name}`, help, labelNames, registers: [registry] })
  const database = gauge('database_up', '1 if the metrics below could be read from the database')
  const halted = gauge('mailing_halted', '1 while all email is halted')
  const workers = gauge('workers', 'Running workers')
  const subscribers = gauge('subscribers', 'Readers', 'status')
  const deliveries = gauge(
    'deliveries',
    'Deliveries of editions in progress or finished within a day',
    'kind',
    'date',
    'state',
  )
  const batches = gauge('batches', 'Unfinished batches', 'state')
  const batchOverdue = gauge('batch_overdue_seconds', 'Age of the oldest due batch that no worker has leased')
  const serviceMails = gauge('service_mails', 'Service emails without an outcome, or with an unknown one', 'state')
  const mailOverdue = gauge('service_mail_overdue_seconds', 'Age of the oldest due service email')
  const inbound = gauge(
    'inbound_reports',
    'Inbound reports within the last day, such as bounces and complaints',
    'class',
  )
  const sources = gauge('source_state', '1 for the current state of a paper source', 'source', 'state')
  const attention = gauge(
    'attention',
    'Problems that need a person, by name; see docs/monitoring/alerts.yml',
    'problem',
  )

  return (measures) => {
    registry.getMetricsAsArray().forEach((metric) => {
      if (metric instanceof Gauge && metric.name.startsWith('paperboy_')) metric.reset()
    })
    database.set(measures ? 1 : 0)
    if (!measures) {
      for (const unknown of [halted, workers, batchOverdue, mailOverdue]) unknown.set(Number.NaN)
      return
    }
    halted.set(measures.halted ? 1 : 0)
    workers.set(measures.workers)
    for (const [status, count] of Object.entries(measures.subscribers)) subscribers.set({ status }, count)
    for (const { kind, date, state, count } of measures.deliveries) deliveries.set({ kind, date, state }, count)
    for (const [state, count] of Object.entries(measures.batches)) batches.set({ state }, count)
    batchOverdue.set(measures.batchOverdueSeconds)
    for (const [state, count] of Object.entries(measures.serviceMails)) serviceMails.set({ state }, count)
    mailOverdue.set(measures.serviceMailOverdueSeconds)
    for (const [kind, count] of Object.entries(measures.inbound)) inbound.set({ class: kind }, count)
    for (const [problem, count] of Object.entries(measures.attention)) attention.set({ problem }, count)
    for (const [source, now] of Object.entries(measures.sources))
      for (const state of SOURCE_STATES) sources.set({ source, state }, state === now ? 1 : 0)
  }
}
