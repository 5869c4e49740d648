import pg from 'pg'
import type { Logger } from 'pino'

/** The advisory lock that every worker shares: whoever can have it alone knows that no worker runs. */
const LOCK = `hashtext('paperboy worker')`

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
    await client.query(`SELECT pg_advisory_lock_shared(${LOCK})`)
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

/** Whether any worker runs on this database. */
export async function workerRuns(databaseUrl: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: databaseUrl })
  await client.connect()
  try {
    const { rows } = await client.query<{ alone: boolean }>(`SELECT pg_try_advisory_lock(${LOCK}) AS alone`)
    return !rows[0]!.alone
  } finally {
    await client.end()
  }
}
