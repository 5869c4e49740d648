import pg from 'pg'
import { ownClient } from '../../lib/own-client.ts'
import { redact } from '../../lib/redact.ts'
import { loginProblem } from '../../runtime/db/login-problem.ts'
import { findWrongSettings } from '../../runtime/db/server-settings.ts'
import { isUpToDate } from '../../runtime/db/up-to-date.ts'
import { type Diagnosis, failure, ok, warning } from './diagnosis.ts'

/** The tests run on this version. */
const TESTED_MAJOR = 18
const PATIENCE_MS = 5_000
/** Each process opens up to 30, and at least two run. */
const CONNECTIONS = 60

export interface Settings {
  version: string
  major: number
  fsync: string
  synchronous: string
  replica: boolean
  connections: number
  pageWrites: string
  /** whether I and i are one letter to full-text search: not in a Turkish locale */
  foldsI: boolean
}

/**
 * Checks that PostgreSQL is reachable, has this version's tables, and keeps every commit.
 * @returns `usable`: further checks can query it
 */
export async function checkDatabase(connectionString: string): Promise<{ usable: boolean; diagnoses: Diagnosis[] }> {
  let client: pg.Client | undefined
  try {
    client = connect(connectionString)
    await client.connect()
    const { rows } = await client.query<Settings>(`
      SELECT current_setting('server_version') AS version, current_setting('server_version_num')::int / 10000 AS major,
        current_setting('fsync') AS fsync, current_setting('synchronous_commit') AS synchronous,
        current_setting('full_page_writes') AS "pageWrites", pg_is_in_recovery() AS replica,
        current_setting('max_connections')::int AS connections, lower('I') = 'i' AS "foldsI"`)
    const wrong = await findWrongSettings(client)
    if (wrong.length > 0)
      return { usable: false, diagnoses: wrong.map(({ problem, fix }) => failure('Database', problem, fix)) }
    const upToDate = await isUpToDate((sql) => client!.query(sql))
    return { usable: upToDate, diagnoses: diagnose(rows[0]!, upToDate) }
  } catch (error) {
    return { usable: false, diagnoses: [diagnoseError(error as Error & { code?: string })] }
  } finally {
    await client?.end().catch(() => {})
  }
}

function diagnoseError(error: Error & { code?: string }): Diagnosis {
  const why = loginProblem(error)
  if (why === undefined && error instanceof pg.DatabaseError)
    return failure(
      'Database',
      `it refused: ${redact(error.message)} (${error.code})`,
      'check DATABASE_URL and the rights of its role',
    )
  return failure('Database', why ?? `cannot connect (${error.code ?? 'no answer'})`, 'check DATABASE_URL')
}

/** @throws if a file in the URL is missing, such as `sslrootcert` */
function connect(connectionString: string): pg.Client {
  return ownClient({
    connectionString,
    connectionTimeoutMillis: PATIENCE_MS,
    query_timeout: PATIENCE_MS,
    application_name: 'paperboy doctor',
  })
}

/** Diagnoses the server's settings. */
export function diagnose(server: Settings, upToDate: boolean): Diagnosis[] {
  const found: Diagnosis[] = []
  if (!upToDate)
    found.push(failure('Database', 'its tables are older than this version', 'npm run paperboy -- migrate'))
  if (server.replica) found.push(failure('Database', 'it is a read-only replica', 'set DATABASE_URL to the primary'))
  if (server.fsync !== 'on' || server.pageWrites !== 'on')
    found.push(failure('Database', 'fsync or full_page_writes is off: a power cut loses the ledger', 'turn both on'))
  if (server.synchronous === 'off')
    found.push(
      failure(
        'Database',
        'synchronous_commit is off: after a crash, readers can get the same email twice',
        'turn it on; Paperboy turns it off where that is safe',
      ),
    )
  if (server.major < TESTED_MAJOR)
    found.push(warning('Database', `PostgreSQL ${server.version}; tested on ${TESTED_MAJOR}`, 'upgrade when you can'))
  if (!server.foldsI)
    found.push(
      warning(
        'Database',
        'its locale writes I as ı in lower case: a search for image does not find Image',
        `back up, and restore into a database made with LOCALE 'C' TEMPLATE template0`,
      ),
    )
  if (server.connections < CONNECTIONS)
    found.push(
      warning(
        'Database',
        `it allows ${server.connections} connections; each process opens up to 30`,
        `raise max_connections to ${CONNECTIONS} or more`,
      ),
    )
  return found.length > 0 ? found : [ok('Database', `PostgreSQL ${server.version}, tables up to date`)]
}
