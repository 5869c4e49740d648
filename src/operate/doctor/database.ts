import pg from 'pg'
import { isUpToDate } from '../../runtime/db/up-to-date.ts'
import { type Diagnosis, doubtful, right, wrong } from './diagnosis.ts'

/** The tests run on this one. */
const TESTED_MAJOR = 18
const PATIENCE_MS = 5_000
/** Every process opens up to 30, and more than one runs. */
const CONNECTIONS = 60

export interface Settings {
  version: string
  major: number
  fsync: string
  synchronous: string
  replica: boolean
  connections: number
  pageWrites: string
}

/**
 * Whether PostgreSQL can be reached, has this version's tables, and forgets nothing that it committed.
 * @returns also whether it can be asked how the service stands
 */
export async function examineDatabase(connectionString: string): Promise<{ usable: boolean; diagnoses: Diagnosis[] }> {
  let client: pg.Client | undefined
  try {
    client = connect(connectionString)
    await client.connect()
    const { rows } = await client.query<Settings>(`
      SELECT current_setting('server_version') AS version, current_setting('server_version_num')::int / 10000 AS major,
        current_setting('fsync') AS fsync, current_setting('synchronous_commit') AS synchronous,
        current_setting('full_page_writes') AS "pageWrites", pg_is_in_recovery() AS replica,
        current_setting('max_connections')::int AS connections`)
    const upToDate = await isUpToDate((sql) => client!.query(sql))
    return { usable: upToDate, diagnoses: diagnose(rows[0]!, upToDate) }
  } catch (error) {
    const { code } = error as { code?: string }
    const diagnosis = wrong('Database', `it cannot be used (${code ?? 'no answer'})`, 'see DATABASE_URL')
    return { usable: false, diagnoses: [diagnosis] }
  } finally {
    await client?.end().catch(() => {})
  }
}

/** @throws where a file is missing that the URL names, as `sslrootcert` does */
function connect(connectionString: string): pg.Client {
  const client = new pg.Client({
    connectionString,
    connectionTimeoutMillis: PATIENCE_MS,
    query_timeout: PATIENCE_MS,
    application_name: 'paperboy doctor',
  })
  return client.on('error', () => {})
}

/** What its settings mean for us. */
export function diagnose(server: Settings, upToDate: boolean): Diagnosis[] {
  const found: Diagnosis[] = []
  if (!upToDate) found.push(wrong('Database', 'its tables are older than this version', 'npm run paperboy -- migrate'))
  if (server.replica)
    found.push(wrong('Database', 'it is a replica, which takes no changes', 'name the primary in DATABASE_URL'))
  if (server.fsync !== 'on' || server.pageWrites !== 'on')
    found.push(wrong('Database', 'fsync or full_page_writes is off: a power cut loses the ledger', 'turn both on'))
  if (server.synchronous === 'off')
    found.push(
      wrong(
        'Database',
        'synchronous_commit is off: after a crash it forgets who was mailed, and they are mailed again',
        'turn it on; Paperboy turns it off itself where nothing hangs on it',
      ),
    )
  if (server.major < TESTED_MAJOR)
    found.push(doubtful('Database', `PostgreSQL ${server.version}; tested on ${TESTED_MAJOR}`, 'upgrade when you can'))
  if (server.connections < CONNECTIONS)
    found.push(
      doubtful(
        'Database',
        `it takes ${server.connections} connections; each process opens up to 30`,
        `raise max_connections to ${CONNECTIONS} or more`,
      ),
    )
  return found.length > 0 ? found : [right('Database', `PostgreSQL ${server.version}, tables up to date`)]
}
