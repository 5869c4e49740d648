import { to as copyTo } from 'pg-copy-streams'
import { PaperboyError } from '../../lib/errors.ts'
import { ownClient } from '../../lib/own-client.ts'
import { VERSION } from '../../runtime/config/version.ts'
import { liftTimeLimits } from '../../runtime/db/server-settings.ts'
import { quoted, readPartitions, readSequences, readTables } from './tables.ts'

export interface BackupSummary {
  tables: number
  rows: number
}

/** The first line of a backup: `-- Paperboy backup {"version": …}`. */
export const HEADER = '-- Paperboy backup '
/** The last line, so that a file that was cut off is noticed. */
export const FOOTER = '-- complete: '

/**
 * Reads all data as SQL: blocks of COPY, as pg_dump writes them. All tables are read at one moment, while the service runs on. The file
 * says `public` also where the tables have a schema of their own.
 *
 * @param databaseUrl a role that reads every table
 * @returns the chunks of the file, and what they contain, which is complete after the last one. Reading throws the database's error;
 *   a file that ends there has no last line and cannot be restored
 */
export function openBackup(
  databaseUrl: string,
  at: Date,
): { chunks: AsyncGenerator<string | Buffer>; summary: BackupSummary } {
  const summary: BackupSummary = { tables: 0, rows: 0 }
  return { chunks: readChunks(databaseUrl, at, summary), summary }
}

async function* readChunks(databaseUrl: string, at: Date, summary: BackupSummary): AsyncGenerator<string | Buffer> {
  const client = ownClient({ connectionString: databaseUrl, application_name: 'paperboy backup' })
  await client.connect()
  try {
    await liftTimeLimits(client)
    await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY')
    const made = await client.query("SELECT to_regclass('drizzle.__drizzle_migrations') AS table")
    if (made.rows[0].table === null)
      throw new PaperboyError('BACKUP_INVALID', 'This database has no tables of Paperboy. Is DATABASE_URL right?')
    const { rows } = await client.query<{ level: string }>(
      'SELECT max(created_at) AS level FROM drizzle.__drizzle_migrations',
    )
    const header = { version: VERSION, migrated: Number(rows[0]!.level), at: at.toISOString() }
    yield `${HEADER}${JSON.stringify(header)}\n`
    for (const id of await readPartitions(client)) yield `SELECT ensure_delivery_partition(${id});\n`
    const tables = await readTables(client)
    for (const { name, columns } of tables) {
      const list = columns.map(quoted).join(', ')
      yield `COPY public.${quoted(name)} (${list}) FROM stdin;\n`
      const copy = client.query(copyTo(`COPY (SELECT ${list} FROM ${quoted(name)}) TO STDOUT`))
      for await (const chunk of copy) yield chunk
      yield '\\.\n'
      summary.tables++
      summary.rows += copy.rowCount
    }
    for (const { name, last } of await readSequences(client, tables))
      if (last !== null) yield `SELECT setval('public.${quoted(name)}', ${last});\n`
    yield `${FOOTER}${summary.rows} rows\n`
    await client.query('COMMIT')
  } finally {
    await client.end()
  }
}
