import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { drizzle, type NodePgQueryResultHKT } from 'drizzle-orm/node-postgres'
import { migrate as drizzleMigrate } from 'drizzle-orm/node-postgres/migrator'
import type { PgDatabase } from 'drizzle-orm/pg-core'
import pg from 'pg'
import { ownClient } from '../../lib/own-client.ts'
import { ConfigError } from '../config/config.ts'
import { PreparingClient } from './preparing-client.ts'
import * as schema from './schema.ts'
import { requireSettings } from './server-settings.ts'
import { isOfDevelopmentVersion } from './up-to-date.ts'

/** A pool or an open transaction. Domain functions accept either. */
export type Db = PgDatabase<NodePgQueryResultHKT, typeof schema>

const MIGRATIONS = join(import.meta.dirname, '../../../migrations')

/** Options of a pool whose connections plan marked statements once. */
export const poolOptions = (connectionString: string, max = 20) => ({
  connectionString,
  max,
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
  return ignoreLostClients(pool.on('error', onError))
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

const OF_DEVELOPMENT_VERSION =
  'A development version of Paperboy, older than 0.1.0, made this database, and its tables cannot be updated. ' +
  'To keep your readers, use that version to run "paperboy suppressions export" and "paperboy subscribers export", ' +
  'then import both files into an empty database with the same SUPPRESSION_KEY. docs/decisions/migrations.md has the steps.'

/**
 * Brings the tables up to date, or to an earlier state for loading a backup. Processes that start together wait for each other, since drizzle's own migrator does not.
 * @param upTo journal time of the last migration to run
 * @throws ConfigError if a version before 0.1.0 made the database, or its settings are wrong; the database's error, after which no part of a failed migration remains
 */
export async function migrate(connectionString: string, upTo = Number.POSITIVE_INFINITY): Promise<void> {
  const client = ownClient({ connectionString, application_name: 'paperboy migrate' })
  await client.connect()
  try {
    await requireSettings(client)
    await client.query(`SELECT pg_advisory_lock(hashtext('paperboy migrate'))`)
    if (await isOfDevelopmentVersion((sql) => client.query(sql))) throw new ConfigError(OF_DEVELOPMENT_VERSION)
    if (upTo === Number.POSITIVE_INFINITY) await drizzleMigrate(drizzle(client), { migrationsFolder: MIGRATIONS })
    else await migrateUpTo(client, upTo)
  } finally {
    await client.end()
  }
}

/** drizzle runs a whole folder, so it gets one with a shorter journal. */
async function migrateUpTo(client: pg.Client, upTo: number): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'paperboy-migrations-'))
  try {
    await cp(MIGRATIONS, folder, { recursive: true })
    const journalFile = join(folder, 'meta/_journal.json')
    const journal = JSON.parse(await readFile(journalFile, 'utf8')) as { entries: { when: number }[] }
    const entries = journal.entries.filter(({ when }) => when <= upTo)
    await writeFile(journalFile, JSON.stringify({ ...journal, entries }))
    await drizzleMigrate(drizzle(client), { migrationsFolder: folder })
  } finally {
    await rm(folder, { recursive: true })
  }
}
