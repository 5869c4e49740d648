import type pg from 'pg'
import type { Logger } from 'pino'
import { ownClient } from '../lib/own-client.ts'
import type { Db } from './db/database.ts'
import { NOTICE_LOST_SERVER } from './db/preparing-client.ts'
import { bigint, queryOne } from './db/query.ts'
import { liftTimeLimits } from './db/server-settings.ts'

/** The two numbers of the advisory lock that all workers share. They are arbitrary but unique to this lock. */
const LOCK = [0x9a9e4, 1]

/** Makes this worker visible to commands until it ends. A killed worker disappears with its connection. */
export async function announceWorker(databaseUrl: string, log: Logger): Promise<{ end(): Promise<void> }> {
  let ending = false
  let client: pg.Client | undefined
  let retry: NodeJS.Timeout | undefined
  const connect = async () => {
    // A connection that the server ends has two errors: why, and that it is closed. Only the first one reconnects.
    client = ownClient({
      connectionString: databaseUrl,
      application_name: 'paperboy worker',
      ...NOTICE_LOST_SERVER,
    }).once('error', () => {
      if (ending) return
      log.warn('lost the connection that announces this worker; reconnecting')
      retry = setTimeout(() => connect().catch(() => client?.emit('error', new Error('not connected'))), 2_000)
    })
    await client.connect()
    await liftTimeLimits(client)
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

/** Counts the workers on this database. It reads pg_locks: trying the lock itself would look like a worker to another command. */
export async function countWorkers(db: Db): Promise<number> {
  const { count } = await queryOne(db, { count: bigint })`
    SELECT count(*) FROM pg_locks
    WHERE locktype = 'advisory' AND granted AND mode = 'ShareLock'
      AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
      AND classid = ${LOCK[0]} AND objid = ${LOCK[1]} AND objsubid = 2`
  return count
}

export const hasWorker = async (db: Db): Promise<boolean> => (await countWorkers(db)) > 0
