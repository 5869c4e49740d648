import { createReadStream } from 'node:fs'
import { parse } from 'csv-parse'
import { sql } from 'drizzle-orm'
import type { Db } from '../db/database.ts'
import { PaperboyError } from '../errors.ts'
import type { Services } from '../services.ts'
import { addressHash, parseAddress } from './address.ts'
import { CADENCES } from './preferences.ts'

export interface ImportOptions {
  /** they agreed elsewhere: active at once, without a confirmation mail */
  active: boolean
  /** who says so; kept with each row */
  attestedBy: string
  dryRun: boolean
}

export interface ImportResult {
  read: number
  added: number
  /** pending ones that the import made active */
  activated: number
  unchanged: number
  /** left, bounced, complained, erased or suppressed: no import brings those back */
  refused: number
}

const CHUNK = 2000
const MOST_PROBLEMS = 20

interface Row {
  email: string
  key: string
  hash: Buffer
  zone: string
  hour: number
  cadence: string
  size: number
}

/**
 * Imports a CSV file in one transaction: everything, or with any bad line nothing.
 *
 * @throws PaperboyError BAD_IMPORT naming the bad lines, at most twenty of them
 */
export async function importSubscribers(
  { db, config, now }: Pick<Services, 'db' | 'config' | 'now'>,
  file: string,
  options: ImportOptions,
): Promise<ImportResult> {
  const result: ImportResult = { read: 0, added: 0, activated: 0, unchanged: 0, refused: 0 }
  const problems: string[] = []
  class Rollback extends Error {}
  await db
    .transaction(async (tx) => {
      const insert = async (rows: Row[]) => {
        const counts = await insertRows(tx, rows, options, now())
        for (const name of ['added', 'activated', 'unchanged', 'refused'] as const) result[name] += counts[name]
      }
      let chunk: Row[] = []
      for await (const { line, record } of readLines(file)) {
        result.read++
        try {
          chunk.push(toRow(record, config.SUPPRESSION_KEY))
        } catch (error) {
          problems.push(`line ${line}: ${(error as Error).message}`)
          if (problems.length === MOST_PROBLEMS) break
        }
        if (chunk.length === CHUNK && problems.length === 0) {
          await insert(chunk)
          chunk = []
        }
      }
      if (problems.length === 0 && chunk.length > 0) await insert(chunk)
      if (problems.length > 0 || options.dryRun) throw new Rollback()
    })
    .catch((error) => {
      if (!(error instanceof Rollback)) throw error
    })
  if (problems.length > 0) {
    const more = problems.length === MOST_PROBLEMS ? '\n  … and perhaps more' : ''
    throw new PaperboyError('BAD_IMPORT', `Nothing was imported from ${file}:\n  ${problems.join('\n  ')}${more}`)
  }
  return result
}

async function* readLines(file: string): AsyncGenerator<{ line: number; record: Record<string, string> }> {
  const parser = createReadStream(file).pipe(
    parse({ bom: true, columns: (names: string[]) => headerOf(names), trim: true, skip_empty_lines: true, info: true }),
  )
  parser.on('error', () => {})
  try {
    for await (const { info, record } of parser) yield { line: info.lines, record }
  } catch (error) {
    const { code, message } = error as { code?: string; message: string }
    if (code === 'ENOENT') throw new PaperboyError('BAD_IMPORT', `There is no file ${file}.`, { cause: error })
    throw new PaperboyError('BAD_IMPORT', `${file} is not a CSV file that can be read: ${message}`, { cause: error })
  }
}

function headerOf(names: string[]): string[] {
  const lower = names.map((name) => name.toLowerCase())
  if (!lower.includes('email')) throw new Error('its first line has no column "email"')
  return lower
}

function toRow(record: Record<string, string>, suppressionKey: string): Row {
  const { email, key } = parseAddress(record.email ?? '')
  const hour = record.hour ? Number(record.hour) : 8
  const size = record.size ? Number(record.size) : 10
  const cadence = record.cadence || 'daily'
  if (!Number.isInteger(hour) || hour < 0 || hour > 23) throw new Error(`hour "${record.hour}" is not 0 to 23`)
  if (!Number.isInteger(size) || size < 1 || size > 50) throw new Error(`size "${record.size}" is not 1 to 50`)
  if (!CADENCES.some((known) => known === cadence))
    throw new Error(`cadence "${cadence}" is not ${CADENCES.join(', ')}`)
  return { email, key, hash: addressHash(suppressionKey, key), zone: record.zone || 'UTC', hour, cadence, size }
}

async function insertRows(db: Db, all: Row[], options: ImportOptions, at: Date) {
  const rows = [...new Map(all.map((row) => [row.key, row])).values()]
  await checkZones(db, rows)
  const column = <K extends keyof Row>(name: K) => sql.param(rows.map((row) => row[name]))
  const result = await db.execute<{ added: number; activated: number; refused: number }>(sql`
    WITH given AS (
      SELECT g.*, EXISTS (SELECT FROM suppressions x WHERE x.address_hash = g.hash) AS suppressed
      FROM unnest(${column('email')}::text[], ${column('key')}::text[], ${column('hash')}::bytea[], ${column('zone')}::text[],
                  ${column('hour')}::int[], ${column('cadence')}::cadence[], ${column('size')}::int[])
           AS g (email, key, hash, zone, hour, cadence, size)
    ), known AS (
      SELECT s.email_key, s.status FROM subscribers s JOIN given g ON g.key = s.email_key
    ), written AS (
      INSERT INTO subscribers AS s (email, email_key, address_hash, status, zone, hour, cadence, size, next_digest_at,
                                    confirm_nonce, requested_at, confirmed_at, imported_by, imported_at)
      SELECT email, key, hash, CASE WHEN ${options.active} THEN 'active' ELSE 'pending' END::subscriber_status, zone, hour, cadence, size,
        CASE WHEN ${options.active} THEN next_digest_at(zone, hour, cadence, ${at}) END,
        decode(substr(md5(random()::text), 1, 16), 'hex'), ${at}, CASE WHEN ${options.active} THEN ${at}::timestamptz END,
        ${options.attestedBy}, ${at}
      FROM given WHERE NOT suppressed
      ON CONFLICT (email_key) DO UPDATE SET status = 'active', next_digest_at = excluded.next_digest_at,
        confirmed_at = ${at}, imported_by = excluded.imported_by, imported_at = excluded.imported_at, updated_at = ${at}
      WHERE s.status = 'pending' AND ${options.active}
      RETURNING id, email_key, status
    ), asked AS (
      INSERT INTO outbox (kind, subscriber_id, due_at, message_key, created_at)
      SELECT 'confirm', id, ${at}, decode(md5(random()::text || id), 'hex'), ${at} FROM written WHERE status = 'pending'
    )
    SELECT
      (SELECT count(*)::int FROM written w WHERE NOT EXISTS (SELECT FROM known k WHERE k.email_key = w.email_key)) AS added,
      (SELECT count(*)::int FROM written w WHERE EXISTS (SELECT FROM known k WHERE k.email_key = w.email_key)) AS activated,
      (SELECT count(*)::int FROM given g LEFT JOIN known k ON k.email_key = g.key
        WHERE g.suppressed OR k.status IN ('unsubscribed', 'bounced', 'complained', 'erased')) AS refused`)
  const { added, activated, refused } = result.rows[0]!
  return { added, activated, refused, unchanged: all.length - added - activated - refused }
}

async function checkZones(db: Db, rows: Row[]): Promise<void> {
  const zones = [...new Set(rows.map((row) => row.zone))]
  const { rows: unknown } = await db.execute<{ zone: string }>(
    sql`SELECT zone FROM unnest(${sql.param(zones)}::text[]) AS zone WHERE NOT is_zone(zone)`,
  )
  if (unknown.length > 0) {
    const names = unknown.map(({ zone }) => `"${zone}"`).join(', ')
    throw new PaperboyError(
      'BAD_IMPORT',
      `Nothing was imported: time zone ${names} is not known. Write it like Europe/Berlin.`,
    )
  }
}
