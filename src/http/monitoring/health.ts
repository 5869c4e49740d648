import { fastifyPostgres } from '@fastify/postgres'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import type pg from 'pg'
import { z } from 'zod'
import { logConnectionErrors } from '../../lib/log-connection-errors.ts'
import { reportSources } from '../../papers/ingest/source-health.ts'
import { configuredSources } from '../../papers/ingest/sources/configured.ts'
import { databaseOn } from '../../runtime/db/database.ts'
import { isUpToDate } from '../../runtime/db/up-to-date.ts'
import type { Services } from '../../runtime/services.ts'

const PATIENCE_MS = 2000

/** Asked every few seconds; the answers that matter are seen by who asks. */
const QUIET = { logLevel: 'warn' } as const

/** /healthz: this process answers. /readyz: it can do its work, or what keeps it from it, in words without addresses. */
export const healthRoutes: FastifyPluginAsyncZod<Services> = async (app, services) => {
  const { config, now } = services
  // A pool of its own, so that a busy one does not make the process look dead.
  await app.register(fastifyPostgres, {
    connectionString: config.DATABASE_URL,
    max: 2,
    connectionTimeoutMillis: PATIENCE_MS,
    query_timeout: PATIENCE_MS,
    application_name: 'paperboy ready',
  })
  app.pg.pool.on('error', logConnectionErrors(services.log, 'database (readiness)'))

  /** A source's trouble is told and makes nobody unready: sending and signing up go on without it. */
  const db = databaseOn(app.pg.pool)
  const sourceStates = async () =>
    (await reportSources({ db, now }, configuredSources({ ...services, db }))).map(
      ({ source, state, failingSince }) => ({
        source,
        state,
        since: failingSince?.toISOString() ?? null,
      }),
    )

  /** What makes the service slower and does not stop it. */
  const whatIsDegraded = async () =>
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
      const missing = await whatIsMissing(app.pg.pool)
      if (missing.length === 0)
        return { status: 'ready' as const, missing, degraded: await whatIsDegraded(), sources: await sourceStates() }
      return reply.code(503).send({ status: 'not ready' as const, missing })
    },
  )
}

async function whatIsMissing(pool: Pick<pg.Pool, 'query'>): Promise<string[]> {
  try {
    return (await isUpToDate((sql) => pool.query(sql))) ? [] : [MIGRATE]
  } catch {
    return ['the database cannot be reached']
  }
}

const MIGRATE = "the database's tables are older than this version: run paperboy migrate"
