import { sql } from 'drizzle-orm'
import { PaperboyError } from '../lib/errors.ts'
import type { Db } from '../runtime/db/database.ts'
import type { Services } from '../runtime/services.ts'
import { type Row, readRows } from './import-rows.ts'

export interface ImportOptions {
  /** they agreed elsewhere: active at once, without a confirmation mail */
  active: boolean
  /** who says so; kept with each row */
  attestedBy: string
  dryRun: boolean
  /** take the good lines although there are bad ones */
  partial?: boolean
}

export interface ImportResult {
  read: number
  added: number
  /** pending ones that the import made active */
  activated: number
  unchanged: number
  /** left, bounced or complained by the file's own word: kept as such, so that no other list brings them in */
  remembered: number
  /** left, bounced, complained, erased or suppressed here: no import brings those back */
  refused: number
  /** what was wrong, at most twenty of them, each with its line; only with `partial`, else it is an error */
  problems: string[]
  /** lines with something wrong */
  bad: number
}

const CHUNK = 2000
const MOST_PROBLEMS = 20
const COUNTS = ['added', 'activated', 'unchanged', 'remembered', 'refused'] as const

/**
 * Imports a CSV file in one transaction: everything, or with any bad line nothing, unless `partial`. Whom an exported file calls
 * pending is asked by mail even under `active`, since nobody can attest what that list knew better. Memory does not grow with the
 * file.
 *
 * @throws PaperboyError BAD_IMPORT naming the bad lines, at most twenty of them
 */
export async function importSubscribers(
  { db, config, now }: Pick<Services, 'db' | 'config' | 'now'>,
  file: string,
  options: ImportOptions,
): Promise<ImportResult> {
  const result: ImportResult = {
    read: 0,
    added: 0,
    activated: 0,
    unchanged: 0,
    remembered: 0,
    refused: 0,
    problems: [],
    bad: 0,
  }
  const complain = (problem: string) => {
    result.bad++
    if (result.problems.length < MOST_PROBLEMS) result.problems.push(problem)
  }
  const spoilt = () => result.bad > 0 && !options.partial
  class Rollback extends Error {}
  await db
    .transaction(async (tx) => {
      let chunk: Row[] = []
      const writeChunk = async () => {
        const unknown = await unknownZones(tx, chunk)
        for (const { line, zone } of unknown)
          complain(`line ${line}: time zone "${zone}" is not known. Write it like Europe/Berlin.`)
        const known = chunk.filter((row) => !unknown.includes(row))
        if (!spoilt() && known.length > 0) {
          const counts = await insertRows(tx, known, options, now())
          for (const name of COUNTS) result[name] += counts[name]
        }
        chunk = []
      }
      for await (const line of readRows(file, config.SUPPRESSION_KEY)) {
        result.read++
        if ('problem' in line) complain(line.problem)
        else chunk.push(line.row)
        if (chunk.length === CHUNK) await writeChunk()
        if (spoilt() && result.bad >= MOST_PROBLEMS) break
      }
      await writeChunk()
      if (spoilt() || options.dryRun) throw new Rollback()
    })
    .catch((error) => {
      if (!(error instanceof Rollback)) throw error
    })
  if (spoilt()) {
    const more = result.bad >= MOST_PROBLEMS ? '\n  … and perhaps more' : ''
    throw new PaperboyError(
      'BAD_IMPORT',
      `Nothing was imported from ${file}:\n  ${result.problems.join('\n  ')}${more}`,
    )
  }
  return result
}

/** Rows whose zone the database does not know. */
async function unknownZones(db: Db, rows: Row[]): Promise<Row[]> {
  const zones = [...new Set(rows.map((row) => row.zone))]
  const { rows: found } = await db.execute<{ zone: string }>(
    sql`SELECT zone FROM unnest(${sql.param(zones)}::text[]) AS zone WHERE NOT is_zone(zone)`,
  )
  const unknown = new Set(found.map(({ zone }) => zone))
  return rows.filter((row) => unknown.has(row.zone))
}

/** How a row arrives: as what its list says it is, but active only where somebody attests it. */
function arrives({ status }: Row, { active }: ImportOptions): string {
  if (status !== undefined && status !== 'active') return status
  return active ? 'active' : 'pending'
}

async function insertRows(db: Db, all: Row[], options: ImportOptions, at: Date) {
  const distinct = [...new Map(all.map((row) => [row.key, row])).values()]
  const rows = distinct.map((row) => ({ ...row, hash: row.hash.toString('hex'), status: arrives(row, options) }))
  const result = await db.execute<{ added: number; activated: number; remembered: number; refused: number }>(sql`
    WITH given AS (
      SELECT g.*, decode(g.hash, 'hex') AS address_hash, g.status IN ('active', 'pending') AS reads,
        EXISTS (SELECT FROM suppressions x WHERE x.address_hash = decode(g.hash, 'hex')) AS suppressed
      FROM jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) AS g(
        email text, key text, hash text, status subscriber_status, zone text, hour smallint, cadence cadence, weekday smallint,
        size smallint, format mail_format, locale text, topics text[], keywords text[], like_voted boolean,
        paused_until timestamptz, requested_at timestamptz, confirmed_at timestamptz, left_at timestamptz, consent_form text)
    ), known AS (
      SELECT s.email_key, s.status FROM subscribers s JOIN given g ON g.key = s.email_key
    ), written AS (
      INSERT INTO subscribers AS s (email, email_key, address_hash, status, zone, hour, cadence, weekday, size, format, locale,
        topics, keywords, like_voted, paused_until, left_at, consent_form, next_digest_at, confirm_nonce, requested_at,
        confirmed_at, imported_by, imported_at)
      SELECT email, key, address_hash, status, zone, hour, cadence, weekday, size, format, locale, topics, keywords, like_voted,
        paused_until, left_at, consent_form,
        CASE WHEN status = 'active' THEN
          next_digest_at(zone, hour, cadence, weekday::int, greatest(${at}::timestamptz, paused_until)) END,
        CASE WHEN status = 'pending' THEN decode(substr(md5(random()::text), 1, 16), 'hex') END,
        CASE WHEN status = 'pending' THEN ${at} ELSE coalesce(requested_at, ${at}) END,
        CASE WHEN status = 'active' THEN coalesce(confirmed_at, ${at}) WHEN status <> 'pending' THEN confirmed_at END,
        ${options.attestedBy}, ${at}
      FROM given WHERE NOT (reads AND suppressed)
      ON CONFLICT (email_key) DO UPDATE SET status = 'active',
        next_digest_at = next_digest_at(s.zone, s.hour, s.cadence, s.weekday::int, ${at}),
        confirmed_at = coalesce(excluded.confirmed_at, ${at}), consent_form = coalesce(excluded.consent_form, s.consent_form),
        imported_by = excluded.imported_by, imported_at = excluded.imported_at, updated_at = ${at}
      WHERE s.status = 'pending' AND excluded.status = 'active'
      RETURNING id, email_key, status
    ), asked AS (
      INSERT INTO outbox (kind, subscriber_id, due_at, message_key, created_at)
      SELECT 'confirm', id, ${at}, decode(md5(random()::text || id), 'hex'), ${at} FROM written WHERE status = 'pending'
    ), suppressed AS (
      INSERT INTO suppressions (address_hash, reason, created_at)
      SELECT g.address_hash, CASE g.status WHEN 'bounced' THEN 'hard bounce' ELSE 'complaint' END::suppression_reason, ${at}
      FROM given g JOIN written w ON w.email_key = g.key AND w.status IN ('bounced', 'complained')
      ON CONFLICT (address_hash) DO NOTHING
    )
    SELECT
      count(*) FILTER (WHERE w.id IS NOT NULL AND k.email_key IS NULL AND g.reads)::int AS added,
      count(*) FILTER (WHERE w.id IS NOT NULL AND k.email_key IS NOT NULL)::int AS activated,
      count(*) FILTER (WHERE w.id IS NOT NULL AND k.email_key IS NULL AND NOT g.reads)::int AS remembered,
      count(*) FILTER (WHERE w.id IS NULL AND g.reads
        AND (g.suppressed OR k.status IN ('unsubscribed', 'bounced', 'complained', 'erased')))::int AS refused
    FROM given g LEFT JOIN written w ON w.email_key = g.key LEFT JOIN known k ON k.email_key = g.key`)
  const { added, activated, remembered, refused } = result.rows[0]!
  return { added, activated, remembered, refused, unchanged: all.length - added - activated - remembered - refused }
}
