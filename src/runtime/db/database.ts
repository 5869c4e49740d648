import { drizzle, type NodePgQueryResultHKT } from 'drizzle-orm/node-postgres'
import { migrate as drizzleMigrate } from 'drizzle-orm/node-postgres/migrator'
import type { PgDatabase } from 'drizzle-orm/pg-core'
import pg from 'pg'
import { PreparingClient } from './preparing-client.ts'
import * as schema from './schema.ts'

/** A pool or an open transaction. Domain functions accept either. */
export type Db = PgDatabase<NodePgQueryResultHKT, typeof schema>

const MIGRATIONS = new URL('../../../migrations', import.meta.url).pathname

/**
 * Creates a pool. It connects on first use. The pool replaces idle clients that lose their server, so `onError` only reports them;
 * a client in use fails its current statement, or the next.
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
  return ignoreLostClients(pool)
}

/**
 * Ignores 'error' events of clients in use; their next statement fails anyway. pg-pool listens only to idle clients, so a client lost
 * between two statements of a transaction would end the process.
 */
export function ignoreLostClients(pool: pg.Pool): pg.Pool {
  return pool.on('connect', (client) => client.on('error', () => {}))
}

/** Returns drizzle on a pool. */
export const databaseOn = (pool: pg.Pool): Db => drizzle(pool, { schema })

/**
 * Applies the missing migrations. Processes that start together take turns by an advisory lock, since drizzle's migrator has none.
 * @throws the database's error; a failed migration is rolled back
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
