import { setTimeout as delay } from 'node:timers/promises'
import type pg from 'pg'
import type { Logger } from 'pino'
import { isConnectionError } from '../lib/connection-error.ts'
import { ownClient } from '../lib/own-client.ts'
import { ConfigError } from '../runtime/config/config.ts'
import { requireSettings } from '../runtime/db/server-settings.ts'
import { isUpToDate } from '../runtime/db/up-to-date.ts'

const ASK_EVERY_MS = 2_000
const PATIENCE_MS = 5_000

/** The database's tables are older than this version: run `paperboy migrate` first. */
class TablesOutdated extends ConfigError {
  constructor() {
    super("The database's tables are older than this version. Run: npm run paperboy -- migrate")
  }
}

/** @throws TablesOutdated, or the database's error when it cannot be asked */
export async function requireTables(pool: Pick<pg.Pool, 'query'>): Promise<void> {
  if (!(await isUpToDate((sql) => pool.query(sql)))) throw new TablesOutdated()
}

/**
 * Waits until the database answers; with `tables: 'wait'` also until it is migrated. Logs each reason for waiting once.
 *
 * @param options.askEveryMs for tests
 * @returns false when `stopping` was aborted first
 * @throws TablesOutdated with `tables: 'refuse'`; ConfigError for settings that Paperboy cannot work with; the database's error when
 *   waiting would not help, as for a wrong password
 */
export async function waitForDatabase(
  databaseUrl: string,
  {
    log,
    tables,
    stopping,
    askEveryMs = ASK_EVERY_MS,
  }: { log: Pick<Logger, 'warn'>; tables: 'wait' | 'refuse'; stopping: AbortSignal; askEveryMs?: number },
): Promise<boolean> {
  let logged: string | undefined
  while (!stopping.aborted) {
    const missing = await findMissing(databaseUrl, tables)
    if (missing === undefined) return true
    if (missing !== logged) log.warn(missing)
    logged = missing
    await delay(askEveryMs, undefined, { signal: stopping }).catch(() => {})
  }
  return false
}

async function findMissing(connectionString: string, tables: 'wait' | 'refuse'): Promise<string | undefined> {
  const client = ownClient({
    connectionString,
    connectionTimeoutMillis: PATIENCE_MS,
    query_timeout: PATIENCE_MS,
    application_name: 'paperboy starts',
  })
  try {
    await client.connect()
    await requireSettings(client)
    await requireTables(client as unknown as pg.Pool)
    return undefined
  } catch (error) {
    if (error instanceof TablesOutdated && tables === 'wait') return `waiting: ${error.message}`
    if (isConnectionError(error)) return 'waiting: the database (DATABASE_URL) does not answer'
    throw error
  } finally {
    await client.end().catch(() => {})
  }
}
