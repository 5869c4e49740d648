import { sql } from 'drizzle-orm'
import pg from 'pg'
import type { Logger } from 'pino'
import type { Db } from './db/database.ts'

/** The two numbers of the advisory lock that every worker shares; any would do that nobody else uses. */
const LOCK = [0x9a9e4, 1]

/** Makes this worker known to commands for as long as it lives; a killed one vanishes with its connection. */
export async function announceWorker(databaseUrl: string, log: Logger): Promise<{ end(): Promise<void> }> {
  let ending = false
  let client: pg.Client | undefined
  let retry: NodeJS.Timeout | undefined
  const connect = async () => {
    client = new pg.Client({ connectionString: databaseUrl, application_name: 'paperboy worker', keepAlive: true })
    client.on('error', () => {
      if (ending) return
      log.warn('the connection that announces this worker was lost; connecting again')
      retry = setTimeout(() => connect().catch(() => client?.emit('error', new Error('not connected'))), 2_000)
    })
    await client.connect()
    await client.query('SELECT pg_advisory_lock_shared($1, $2)', LOCK)
  }
  await connect()
  return {
    async end() {
      ending = true
      clearTimeout(retry)
      await client?.end().catch(() => {})
    },
  }
}

/** How many workers run on this database. Only looks: trying to take the lock would look like a worker to another command. */
export async function workersRunning(db: Db): Promise<number> {
  const { rows } = await db.execute<{ count: number }>(sql`
    SELECT count(*)::int AS count FROM pg_locks
    WHERE locktype = 'advisory' AND granted AND mode = 'ShareLock'
      AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
      AND classid = ${LOCK[0]} AND objid = ${LOCK[1]} AND objsubid = 2`)
  return rows[0]!.count
}

export const workerRuns = async (db: Db): Promise<boolean> => (await workersRunning(db)) > 0
