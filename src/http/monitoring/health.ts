import { fastifyPostgres } from '@fastify/postgres'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import type pg from 'pg'
import { z } from 'zod'
import { logConnectionErrors } from '../../lib/log-connection-errors.ts'
import { reportSources } from '../../papers/ingest/source-health.ts'
import { databaseOn, reportIdleErrors } from '../../runtime/db/database.ts'
import { isUpToDate } from '../../runtime/db/up-to-date.ts'
import type { Services } from '../../runtime/services.ts'

const PATIENCE_MS = 2000

/** Monitors ask every few seconds. They see the answer; the log need not. */
const QUIET = { logLevel: 'warn' } as const

/** /healthz: this process answers. /readyz: it can work, or the reasons why not, without addresses. */
export const healthRoutes: FastifyPluginAsyncZod<Services> = async (app, services) => {
  const { config } = services
  // Its own pool, so that a busy main pool does not make the process look dead.
  await app.register(fastifyPostgres, {
    name: 'readiness',
    connectionString: config.DATABASE_URL,
    max: 2,
    connectionTimeoutMillis: PATIENCE_MS,
    query_timeout: PATIENCE_MS,
    application_name: 'paperboy ready',
  })
  const { pool } = app.pg.readiness!
  reportIdleErrors(pool, logConnectionErrors(services.log, 'database (readiness)'))

  // Report failing sources, but stay ready: sending and sign-up work without them.
  const db = databaseOn(pool)
  const sourceStates = async () =>
    (await reportSources({ ...services, db })).map(({ source, state, failingSince }) => ({
      source,
      state,
      since: failingSince?.toISOString() ?? null,
    }))

  /** Problems that slow the service down without stopping it. */
  const findDegraded = async () =>
    (await services.queues.isReachable()) ? [] : ['the queue (Redis) cannot be reached: emails leave, but later']

  const health = z.object({ status: z.literal('up') })
  app.get('/healthz', { ...QUIET, schema: { response: { 200: health } } }, async () => ({ status: 'up' as const }))

  const sources = z.array(z.object({ source: z.string(), state: z.string(), since: z.string().nullable() }))
  const readiness = z.object({
    status: z.enum(['ready', 'not ready']),
    missing: z.array(z.string()),
    degraded: z.array(z.string()).optional(),
    sources: sources.optional(),
  })
  app.get(
    '/readyz',
    { ...QUIET, schema: { response: { 200: readiness, 503: readiness } } },
    async (_request, reply) => {
      const missing = await findMissing(pool)
      if (missing.length === 0)
        return { status: 'ready' as const, missing, degraded: await findDegraded(), sources: await sourceStates() }
      return reply.code(503).send({ status: 'not ready' as const, missing })
    },
  )
}

async function findMissing(pool: Pick<pg.Pool, 'query'>): Promise<string[]> {
  try {
    return (await isUpToDate((sql) => pool.query(sql))) ? [] : [MIGRATE]
  } catch {
    return ['the database cannot be reached']
  }
}

const MIGRATE = "the database's tables are older than this version: run paperboy migrate"
