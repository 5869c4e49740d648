import { setTimeout as delay } from 'node:timers/promises'
import type { FastifyInstance } from 'fastify'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import { z } from 'zod'
import { isSame } from '../../lib/same-secret.ts'
import { readMetrics, type ServiceMetrics } from '../../operate/metrics.ts'
import { SOURCE_STATES } from '../../papers/ingest/source-health.ts'
import type { Config } from '../../runtime/config/config.ts'
import type { Services } from '../../runtime/services.ts'

/** Counting an edition's million deliveries takes a fifth of a second: scrapes within this share an answer. */
const KEPT_MS = 10_000
/** A monitor that hears nothing for ten seconds takes the whole process for dead. */
const PATIENCE_MS = 4_000

/** In production only with a token: how many readers there are is nobody's business. */
export const isMetricsEnabled = ({ METRICS_TOKEN, NODE_ENV }: Pick<Config, 'METRICS_TOKEN' | 'NODE_ENV'>): boolean =>
  METRICS_TOKEN !== undefined || NODE_ENV !== 'production'

/** Times every request of the app, by the route's pattern, which holds no token and no address. */
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
 * GET /metrics in Prometheus' text format: this process, its requests, and how the service stands, which every api process tells alike.
 * With METRICS_TOKEN only for who brings it as a bearer.
 */
export const metricRoutes: FastifyPluginAsyncZod<Services & { registry: Registry }> = async (
  app,
  { registry, ...services },
) => {
  const token = services.config.METRICS_TOKEN
  const show = gaugesOf(registry)
  let kept: { at: number; measures: ServiceMetrics | undefined } = { at: Number.NEGATIVE_INFINITY, measures: undefined }
  let reading: Promise<void> | undefined
  const read = async () => {
    const measures = await readMetrics(services).catch((error) => {
      app.log.warn({ err: error }, 'the numbers could not be read')
      return undefined
    })
    kept = { at: performance.now(), measures }
    reading = undefined
  }
  /** One reading at a time, however many ask; undefined when it does not come in time. */
  const measure = async (): Promise<ServiceMetrics | undefined> => {
    const recent = () => (performance.now() - kept.at < KEPT_MS ? kept.measures : undefined)
    if (recent()) return recent()
    reading ??= read()
    await Promise.race([reading, delay(PATIENCE_MS, undefined, { ref: false })])
    return recent()
  }

  const schema = { response: { 200: z.string(), 401: z.string() } }
  app.get('/metrics', { logLevel: 'warn', schema }, async (request, reply) => {
    reply.type('text/plain; charset=utf-8')
    if (token !== undefined && !isSame(request.headers.authorization ?? '', `Bearer ${token}`))
      return reply.code(401).header('www-authenticate', 'Bearer').send('METRICS_TOKEN is asked for, as a bearer.\n')
    show(await measure())
    return reply.type(registry.contentType).send(await registry.metrics())
  })
}

/** @returns what sets them all; without measures only that the database did not give any */
function gaugesOf(registry: Registry): (measures: ServiceMetrics | undefined) => void {
  const gauge = <Label extends string>(name: string, help: string, ...labelNames: Label[]) =>
    new Gauge({ name: `paperboy_${name}`, help, labelNames, registers: [registry] })
  const database = gauge('database_up', 'Whether the numbers below could be read')
  const halted = gauge('mailing_halted', 'Whether nothing is mailed until the operator says so')
  const workers = gauge('workers', 'Workers that run')
  const subscribers = gauge('subscribers', 'Readers', 'status')
  const deliveries = gauge('deliveries', 'Of editions under way or done within a day', 'kind', 'date', 'state')
  const batches = gauge('batches', 'Batches that are not done', 'state')
  const batchOverdue = gauge('batch_overdue_seconds', 'How long the oldest batch has been due and in no hand')
  const serviceMails = gauge('service_mails', 'Service mails that are not settled, or unknown', 'state')
  const mailOverdue = gauge('service_mail_overdue_seconds', 'How long the oldest service mail has been due')
  const inbound = gauge('inbound_reports', 'Bounces, complaints and the like within the last day', 'class')
  const sources = gauge('source_state', '1 for the state that a source of papers is in', 'source', 'state')
  const attention = gauge(
    'attention',
    'How many problems of a name need a person; see docs/monitoring/alerts.yml',
    'what',
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
    for (const [what, count] of Object.entries(measures.attention)) attention.set({ what }, count)
    for (const [source, now] of Object.entries(measures.sources))
      for (const state of SOURCE_STATES) sources.set({ source, state }, state === now ? 1 : 0)
  }
}
