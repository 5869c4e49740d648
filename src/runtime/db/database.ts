import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { readMigrationFiles } from 'drizzle-orm/migrator'
import { drizzle, type NodePgQueryResultHKT, NodePgSession } from 'drizzle-orm/node-postgres'
import { type PgDatabase, PgDialect } from 'drizzle-orm/pg-core'
import pg from 'pg'
import { ownClient } from '../../lib/own-client.ts'
import { ConfigError } from '../config/config.ts'
import { PreparingClient } from './preparing-client.ts'
import * as schema from './schema.ts'
import { liftTimeLimits, requireSettings } from './server-settings.ts'
import { findPending, isOfDevelopmentVersion } from './up-to-date.ts'

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
 * A statement that waits for a lock makes all later ones of other processes wait behind it. This is shorter than the second after which
 * PostgreSQL looks for deadlocks, so that a deadlock ends our attempt and not the work of a process that runs on.
 */
const LOCK_TIMEOUT_MS = 500
/** Longer than that second: only then does PostgreSQL end an autovacuum in our way, which can take hours. */
const VACUUM_LOCK_TIMEOUT_MS = 1_500
const PAUSE_MS = 1_000
const PATIENCE_MS = 60_000

/**
 * Brings the tables up to date, or to an earlier state for loading a backup. Processes that start together wait for each other, since drizzle's own migrator does not.
 * A table that another statement uses for long, such as a backup, is tried again and again, so that running processes can go on.
 * @param options.upTo journal time of the last migration to run
 * @param options.patienceMs time after which no further attempt at a migration begins
 * @throws ConfigError if a version before 0.1.0 made the database, its settings are wrong, or a table stays in use; the database's error, after which no part of a failed migration remains
 */
export async function migrate(
  connectionString: string,
  { upTo = Number.POSITIVE_INFINITY, patienceMs = PATIENCE_MS } = {},
): Promise<void> {
  const client = ownClient({ connectionString, application_name: 'paperboy migrate' })
  await client.connect()
  try {
    await liftTimeLimits(client)
    await requireSettings(client)
    await client.query(`SELECT pg_advisory_lock(hashtext('paperboy migrate'))`)
    if (await isOfDevelopmentVersion((sql) => client.query(sql))) throw new ConfigError(OF_DEVELOPMENT_VERSION)
    for (const last of await stepsTo(client, upTo)) await migrateWhenFree(client, last, patienceMs)
  } finally {
    await client.end()
  }
}

/**
 * Returns the journal times at which to commit. Each migration commits by itself, so that its locks end with it. A new database, which
 * nothing else uses, commits once, which takes less time.
 */
async function stepsTo(client: pg.Client, upTo: number): Promise<number[]> {
  const { pending, isNew } = await findPending((sql) => client.query(sql))
  const wanted = pending.filter((when) => when <= upTo)
  return isNew ? wanted.slice(-1) : wanted
}

/** @throws ConfigError if a table stays in use; the database's error */
async function migrateWhenFree(client: pg.Client, upTo: number, patienceMs: number): Promise<void> {
  const end = Date.now() + patienceMs
  for (; ; await delay(PAUSE_MS)) {
    await client.query(`SET lock_timeout = ${(await isVacuuming(client)) ? VACUUM_LOCK_TIMEOUT_MS : LOCK_TIMEOUT_MS}`)
    try {
      return await migrateUpTo(client, upTo)
    } catch (error) {
      if (!isLocked(error)) throw error
      if (Date.now() >= end) throw new ConfigError(TABLES_IN_USE, { cause: error })
    }
  }
}

/** Returns whether a VACUUM or ANALYZE holds a table. Their kind of lock shows it to every role. */
async function isVacuuming(client: pg.Client): Promise<boolean> {
  const { rows } = await client.query(`
    SELECT FROM pg_locks JOIN pg_database d ON d.oid = database
    WHERE granted AND mode = 'ShareUpdateExclusiveLock' AND datname = current_database() LIMIT 1`)
  return rows.length > 0
}

const TABLES_IN_USE =
  'Another statement uses a table that must change, for example a backup or an import. ' +
  'Run "paperboy migrate" again when it has ended.'

/** PostgreSQL's codes for a lock that was waited for too long, and for a deadlock. */
const LOCKED: readonly unknown[] = ['55P03', '40P01']
const isLocked = (error: unknown): boolean => LOCKED.includes((error as { cause?: { code?: string } }).cause?.code)

/** drizzle's own migrator runs a whole folder. This is its second half, for the first files of it. */
async function migrateUpTo(client: pg.Client, upTo: number): Promise<void> {
  const files = readMigrationFiles({ migrationsFolder: MIGRATIONS }).filter(({ folderMillis }) => folderMillis <= upTo)
  const dialect = new PgDialect()
  await dialect.migrate(files, new NodePgSession(client, dialect, undefined), { migrationsFolder: MIGRATIONS })
}
