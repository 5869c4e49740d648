import { once } from 'node:events'
import type { Readable } from 'node:stream'
import type pg from 'pg'
import { from as copyFrom } from 'pg-copy-streams'
import { PaperboyError } from '../../lib/errors.ts'
import { ownClient } from '../../lib/own-client.ts'
import { migrate } from '../../runtime/db/database.ts'
import { liftTimeLimits } from '../../runtime/db/server-settings.ts'
import { SKIP_IDS } from '../../runtime/db/skip-ids.ts'
import { type BackupSummary, FOOTER, HEADER } from './open-backup.ts'
import { readLines } from './read-lines.ts'
import { quoted, readTables } from './tables.ts'

const COPY = /^COPY public\."(\w+)" \(("\w+"(?:, "\w+")*)\) FROM stdin;$/
const PARTITION = /^SELECT ensure_delivery_partition\((\d+)\);$/
const SEQUENCE = /^SELECT setval\('public\."(\w+)"', (\d+)\);$/

/**
 * Loads a backup into a database without data, in one transaction, and brings it to this version. Sending stays halted until
 * `paperboy resume --after-restore`: the backup does not know the emails sent since.
 *
 * @param source the backup, unpacked
 * @param actor for the audit log
 * @throws PaperboyError BACKUP_INVALID, DATABASE_NOT_EMPTY; nothing is loaded then
 */
export async function restoreBackup(
  databaseUrl: string,
  source: Readable,
  actor: string,
): Promise<BackupSummary & { at: string }> {
  const lines = readLines(source)
  const first = await lines.next()
  const header = headerIn(first.done ? '' : first.value.toString())
  const client = ownClient({ connectionString: databaseUrl, application_name: 'paperboy restore' })
  await client.connect()
  try {
    await liftTimeLimits(client)
    await requireEmpty(client)
    await migrate(databaseUrl, { upTo: header.migrated })
    await requireTablesOf(client, header)
    await client.query('BEGIN')
    const summary = await load(client, lines)
    await client.query(
      `UPDATE mailing SET halted_at = coalesce(halted_at, now()), halted_why = 'restored from the backup of ' || $1`,
      [header.at],
    )
    await client.query(
      `INSERT INTO audit_log (at, who, what, about) VALUES (now(), $1, 'restored', 'the backup of ' || $2)`,
      [actor, header.at],
    )
    await client.query(SKIP_IDS)
    await client.query('COMMIT')
    await migrate(databaseUrl)
    await client.query('ANALYZE')
    return { ...summary, at: header.at }
  } finally {
    await client.end()
  }
}

interface Header {
  version: string
  /** journal time of the newest migration */
  migrated: number
  /** ISO 8601 */
  at: string
}

function headerIn(line: string): Header {
  try {
    if (line.startsWith(HEADER)) return JSON.parse(line.slice(HEADER.length))
  } catch {}
  throw new PaperboyError('BACKUP_INVALID', 'This is not a backup of Paperboy: its first line does not say so.')
}

async function requireEmpty(client: pg.Client): Promise<void> {
  const { rows } = await client.query<{ exists: boolean }>(`SELECT to_regclass('subscribers') IS NOT NULL AS exists`)
  if (!rows[0]!.exists) return
  const found = await client.query(
    `SELECT FROM subscribers UNION ALL SELECT FROM suppressions UNION ALL SELECT FROM papers UNION ALL SELECT FROM editions LIMIT 1`,
  )
  if (found.rowCount === 0) return
  throw new PaperboyError(
    'DATABASE_NOT_EMPTY',
    'The database has readers, suppressions, papers or editions. Restore into an empty one, so that nothing is overwritten.',
  )
}

/** The tables must be as they were, since later migrations also change data. */
async function requireTablesOf(client: pg.Client, { migrated, version }: Header): Promise<void> {
  const { rows } = await client.query<{ newest: string }>(
    'SELECT max(created_at) AS newest FROM drizzle.__drizzle_migrations',
  )
  const newest = Number(rows[0]!.newest)
  if (newest === migrated) return
  throw new PaperboyError(
    newest < migrated ? 'BACKUP_INVALID' : 'DATABASE_NOT_EMPTY',
    newest < migrated
      ? `Version ${version} made this backup. This version is older: update Paperboy first.`
      : `Version ${version} made this backup, and the database has the tables of a later one. Use a database without tables.`,
  )
}

/**
 * Loads every block into the tables of the search_path. Accepts only what `openBackup` writes, so that a foreign file runs no statement of
 * its own.
 */
async function load(client: pg.Client, lines: AsyncIterator<Buffer>): Promise<BackupSummary> {
  const tables = new Map((await readTables(client)).map(({ name, columns }) => [name, new Set(columns)]))
  const summary: BackupSummary = { tables: 0, rows: 0 }
  for (let number = 2; ; number++) {
    const { value, done } = await lines.next()
    if (done) throw invalid(number, 'The file ends too early: it was cut off.')
    const line = value.toString().trimEnd()
    const [, partition] = PARTITION.exec(line) ?? []
    const [, sequence, last] = SEQUENCE.exec(line) ?? []
    const [, table, columns] = COPY.exec(line) ?? []
    if (line.startsWith(FOOTER)) {
      if (line === `${FOOTER}${summary.rows} rows`) return summary
      throw invalid(number, `${summary.rows} rows were read, but the file says: ${line}`)
    }
    if (partition) await client.query('SELECT ensure_delivery_partition($1)', [partition])
    else if (sequence) await client.query('SELECT setval($1::regclass, $2)', [quoted(sequence), last])
    else if (table && columns?.split(', ').every((each) => tables.get(table)?.has(each.slice(1, -1)))) {
      // Migrations put rows into some tables. Other programs' tables in this database are not named, and stay.
      await client.query(`DELETE FROM ${quoted(table)}`)
      // Triggers write what a change means for others, such as webhook messages. A restored row is no change.
      await client.query(`ALTER TABLE ${quoted(table)} DISABLE TRIGGER USER`)
      const copy = client.query(copyFrom(`COPY ${quoted(table)} (${columns}) FROM STDIN`))
      number += await copyBlock(copy, lines)
      await client.query(`ALTER TABLE ${quoted(table)} ENABLE TRIGGER USER`)
      summary.tables++
      summary.rows += copy.rowCount
    } else throw invalid(number, 'This line is not part of a backup, or names a table that this version does not know.')
  }
}

/** Copies lines up to `\.` and returns how many they were. */
async function copyBlock(copy: NodeJS.WritableStream, lines: AsyncIterator<Buffer>): Promise<number> {
  const finished = once(copy, 'finish')
  finished.catch(() => {})
  for (let count = 1; ; count++) {
    const { value, done } = await lines.next()
    if (done || (value.length === 3 && value.toString() === '\\.\n')) {
      copy.end()
      await finished
      return count
    }
    if (!copy.write(value)) await Promise.race([once(copy, 'drain'), finished])
  }
}

const invalid = (line: number, message: string) => new PaperboyError('BACKUP_INVALID', `Line ${line}: ${message}`)
