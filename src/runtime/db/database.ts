import { drizzle, type NodePgQueryResultHKT } from 'drizzle-orm/node-postgres'
import { migrate as drizzleMigrate } from 'drizzle-orm/node-postgres/migrator'
import type { PgDatabase } from 'drizzle-orm/pg-core'
import pg from 'pg'
import { PreparingClient } from './preparing-client.ts'
import * as schema from './schema.ts'

/** A pool or an open transaction: domain functions do not care which. */
export type Db = PgDatabase<NodePgQueryResultHKT, typeof schema>

const MIGRATIONS = new URL('../../../migrations', import.meta.url).pathname

/** Options of a pool whose connections plan marked statements once. */
export const poolOptions = (connectionString: string, max = 20) => ({
  connectionString,
  max,
  keepAlive: true,
  application_name: 'paperboy',
  Client: PreparingClient,
})

/** Opens no connection until first used. */
export const openPool = (connectionString: string, onError: (error: Error) => void, max?: number): pg.Pool =>
  reportIdleErrors(new pg.Pool(poolOptions(connectionString, max)), onError)

/**
 * Reports errors of idle clients, which the pool replaces. A client in use that loses its server fails its current or next
 * statement.
 */
export function reportIdleErrors(pool: pg.Pool, onError: (error: Error) => void): pg.Pool {
  return outlivingClients(pool.on('error', onError))
}

/** A pool listens to idle clients alone: one lost between two statements of a transaction would end the process. */
export function outlivingClients(pool: pg.Pool): pg.Pool {
  return pool.on('connect', (client) => client.on('error', () => {}))
}

export const databaseOn = (pool: pg.Pool): Db => drizzle(pool, { schema })

/**
 * Brings the tables up to date. Processes that start together wait for each other, since drizzle's own migrator does not.
 * @throws the database's error; nothing of a failed migration is kept
 */
export async function migrate(connectionString: string): Promise<void> {
  const client = new pg.Client({ connectionString, application_name: 'paperboy migrate' })
  await client.connect()
  try {
    await client.query(`SELECT pg_advisory_lock(hashtext('paperboy migrate'))`)
    await drizzleMigrate(drizzle(client), { migrationsFolder: MIGRATIONS })
  } finally {
    await client.end()
  }
}
