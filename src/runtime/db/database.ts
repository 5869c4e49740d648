import { drizzle, type NodePgQueryResultHKT } from 'drizzle-orm/node-postgres'
import { migrate as drizzleMigrate } from 'drizzle-orm/node-postgres/migrator'
import type { PgDatabase } from 'drizzle-orm/pg-core'
import pg from 'pg'
import { ConfigError } from '../config/config.ts'
import { PreparingClient } from './preparing-client.ts'
import * as schema from './schema.ts'
import { isOfDevelopmentVersion } from './up-to-date.ts'

/** A pool or an open transaction: domain functions do not care which. */
export type Db = PgDatabase<NodePgQueryResultHKT, typeof schema>

const MIGRATIONS = new URL('../../../migrations', import.meta.url).pathname

/**
 * Opens no connection until first used. Idle clients that lose their server are replaced by the pool, so their error is only reported;
 * one in use that loses it fails the statement under way, or the next one.
 */
export function openPool(connectionString: string, onError: (error: Error) => void, max = 20): pg.Pool {
  const pool = new pg.Pool({
    connectionString,
    max,
    keepAlive: true,
    application_name: 'paperboy',
    Client: PreparingClient,
  })
  pool.on('error', onError)
  return outlivingClients(pool)
}

/** A pool listens to idle clients alone: one lost between two statements of a transaction would end the process. */
export function outlivingClients(pool: pg.Pool): pg.Pool {
  return pool.on('connect', (client) => client.on('error', () => {}))
}

export const databaseOn = (pool: pg.Pool): Db => drizzle(pool, { schema })

const OF_DEVELOPMENT_VERSION =
  'A development version of Paperboy, older than 0.1.0, made this database, and its tables cannot be updated. ' +
  'To keep your readers, use that version to run "paperboy suppressions export" and "paperboy subscribers export", ' +
  'then import both files into an empty database with the same SUPPRESSION_KEY. docs/decisions/migrations.md has the steps.'

/**
 * Brings the tables up to date. Processes that start together wait for each other, since drizzle's own migrator does not.
 * @throws ConfigError if a version before 0.1.0 made the database; the database's error, after which no part of a failed migration remains
 */
export async function migrate(connectionString: string): Promise<void> {
  const client = new pg.Client({ connectionString, application_name: 'paperboy migrate' })
  await client.connect()
  try {
    await client.query(`SELECT pg_advisory_lock(hashtext('paperboy migrate'))`)
    if (await isOfDevelopmentVersion((sql) => client.query(sql))) throw new ConfigError(OF_DEVELOPMENT_VERSION)
    await drizzleMigrate(drizzle(client), { migrationsFolder: MIGRATIONS })
  } finally {
    await client.end()
  }
}
