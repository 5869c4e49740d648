import { sql } from 'drizzle-orm'
import type { Db } from '../db/database.ts'
import { PaperboyError } from '../errors.ts'
import type { Services } from '../services.ts'
import { type Row, readRows } from './import-rows.ts'

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
  /** left, bounced, complained, erased or suppressed, here or by the file's own word: no import brings those back */
  refused: number
}

const CHUNK = 2000
const MOST_PROBLEMS = 20

/**
 * Imports a CSV file in one transaction: everything, or with any bad line nothing. Whom an exported file calls pending is asked
 * by mail even under `active`, since nobody can attest what that list knew better.
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
      let chunk: Row[] = []
      const writeChunk = async () => {
        problems.push(...(await unknownZones(tx, chunk)))
        if (problems.length === 0 && chunk.length > 0) {
          const counts = await insertRows(tx, chunk, options, now())
          for (const name of ['added', 'activated', 'unchanged', 'refused'] as const) result[name] += counts[name]
        }
        chunk = []
      }
      for await (const line of readRows(file, config.SUPPRESSION_KEY)) {
        result.read++
        if ('problem' in line) problems.push(line.problem)
        else if (line.row.status === 'left') result.refused++
        else chunk.push(line.row)
        if (chunk.length === CHUNK) await writeChunk()
        if (problems.length >= MOST_PROBLEMS) break
      }
      await writeChunk()
      if (problems.length > 0 || options.dryRun) throw new Rollback()
    })
    .catch((error) => {
      if (!(error instanceof Rollback)) throw error
    })
  if (problems.length > 0) {
    const more = problems.length >= MOST_PROBLEMS ? '\n  … and perhaps more' : ''
    const named = problems.slice(0, MOST_PROBLEMS).join('\n  ')
    throw new PaperboyError('BAD_IMPORT', `Nothing was imported from ${file}:\n  ${named}${more}`)
  }
  return result
}

/** Lines whose zone the database does not know. */
async function unknownZones(db: Db, rows: Row[]): Promise<string[]> {
  const zones = [...new Set(rows.map((row) => row.zone))]
  const { rows: found } = await db.execute<{ zone: string }>(
    sql`SELECT zone FROM unnest(${sql.param(zones)}::text[]) AS zone WHERE NOT is_zone(zone)`,
  )
  const unknown = new Set(found.map(({ zone }) => zone))
  return rows
    .filter((row) => unknown.has(row.zone))
    .map((row) => `line ${row.line}: time zone "${row.zone}" is not known. Write it like Europe/Berlin.`)
}

async function insertRows(db: Db, all: Row[], options: ImportOptions, at: Date) {
  const rows = [...new Map(all.map((row) => [row.key, row])).values()]
  const column = <K extends keyof Row>(name: K) => sql.param(rows.map((row) => row[name]))
  const result = await db.execute<{ added: number; activated: number; refused: number }>(sql`
    WITH given AS (
      SELECT g.*, EXISTS (SELECT FROM suppressions x WHERE x.address_hash = g.hash) AS suppressed
      FROM unnest(${column('email')}::text[], ${column('key')}::text[], ${column('hash')}::bytea[], ${column('zone')}::text[],
                  ${column('hour')}::int[], ${column('cadence')}::cadence[], ${column('size')}::int[],
                  ${sql.param(rows.map((row) => options.active && row.status !== 'pending'))}::boolean[])
           AS g (email, key, hash, zone, hour, cadence, size, active)
    ), known AS (
      SELECT s.email_key, s.status FROM subscribers s JOIN given g ON g.key = s.email_key
    ), written AS (
      INSERT INTO subscribers AS s (email, email_key, address_hash, status, zone, hour, cadence, size, next_digest_at,
                                    confirm_nonce, requested_at, confirmed_at, imported_by, imported_at)
      SELECT email, key, hash, CASE WHEN active THEN 'active' ELSE 'pending' END::subscriber_status, zone, hour, cadence, size,
        CASE WHEN active THEN next_digest_at(zone, hour, cadence, 1, ${at}) END,
        decode(substr(md5(random()::text), 1, 16), 'hex'), ${at}, CASE WHEN active THEN ${at}::timestamptz END,
        ${options.attestedBy}, ${at}
      FROM given WHERE NOT suppressed
      ON CONFLICT (email_key) DO UPDATE SET status = 'active', next_digest_at = next_digest_at(s.zone, s.hour, s.cadence, s.weekday, ${at}),
        confirmed_at = ${at}, imported_by = excluded.imported_by, imported_at = excluded.imported_at, updated_at = ${at}
      WHERE s.status = 'pending' AND excluded.status = 'active'
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
