import { sql } from 'drizzle-orm'
import { z } from 'zod'
import { nameOfFile, type TextFile } from '../lib/csv/text-file.ts'
import { PaperboyError } from '../lib/errors.ts'
import { knownTopics } from '../papers/topics/topic-counts.ts'
import type { Db } from '../runtime/db/database.ts'
import { number, queryColumn, queryOne, text } from '../runtime/db/query.ts'
import type { Services } from '../runtime/services.ts'
import { carrySuppressions } from './compose-keys.ts'
import { type Mapping, MEANINGS_HELP, type ReadColumn, unrecognizedColumns } from './import-columns.ts'
import { strictestStatus, type UnknownValue } from './import-consent.ts'
import { openSubscriberFile, type Row, type SubscriberFile } from './import-rows.ts'
import type { Status } from './known-columns.ts'

export interface ImportOptions {
  /** activate at once, without a confirmation email: readers agreed elsewhere */
  active: boolean
  /** who attests that consent; stored with each row */
  attestedBy: string
  dryRun: boolean
  /** import the valid lines even when others are not */
  partial?: boolean
  /** meanings of columns that no known tool writes */
  mappings?: readonly Mapping[]
  /** called between chunks, with the number of lines read so far */
  onProgress?: (lines: number) => Promise<void>
}

/** The file may say who agreed to emails, in terms that the import does not know. Lists them, for a page that asks. */
export class UnrecognizedConsent extends PaperboyError {
  readonly columns: readonly string[]
  readonly values: readonly { column: string; value: string }[]
  constructor(message: string, columns: readonly string[], values: readonly { column: string; value: string }[]) {
    super('BAD_IMPORT', message)
    this.columns = columns
    this.values = values
  }
}

export interface ImportResult {
  read: number
  added: number
  /** those of `added` who get a confirmation email first */
  asked: number
  /** pending subscribers that the import activated */
  activated: number
  unchanged: number
  /** unsubscribed, bounced or complained in the file: stored as such, so that no other list activates them */
  remembered: number
  /** unsubscribed, bounced, complained, erased or suppressed here: no import activates them */
  refused: number
  /** problems, each with its line; only with `partial`, otherwise they are thrown */
  problems: string[]
  /** number of lines with a problem */
  bad: number
  /** how the file was read */
  separator: string
  encoding: string
  columns: Pick<ReadColumn, 'name' | 'meaning' | 'by'>[]
  /** tags that match no topic, with their number of rows */
  unknownTags: Record<string, number>
}

const CHUNK = 2000
/** Problems listed when nothing is imported. */
const MAX_PROBLEMS = 20
/** Problems listed with `partial`: the operator looks up each by hand. */
const MAX_PROBLEMS_PARTIAL = 1000
const COUNTS = ['added', 'asked', 'activated', 'remembered', 'refused'] as const

/**
 * Imports a CSV file in one transaction. Any bad line cancels it, unless `partial` is set.
 * Accepts our own export, those of the tools in known-columns.ts, and any table with addresses.
 * People who unsubscribed, bounced or complained elsewhere keep that status. Pending ones get a confirmation email
 * even under `active`: the other list never had their consent.
 * An unknown value about consent stops the import. Memory use does not grow with the file.
 *
 * @throws PaperboyError BAD_IMPORT naming at most twenty bad lines, or the columns and values it does not understand
 */
export async function importSubscribers(
  { db, config, now }: Pick<Services, 'db' | 'config' | 'now'>,
  source: TextFile,
  options: ImportOptions,
): Promise<ImportResult> {
  const file = nameOfFile(source)
  const { columns, separator, encoding, lines, unknownTags } = await open({ db, config }, source, options)
  const result: ImportResult = {
    ...{ read: 0, added: 0, asked: 0, activated: 0, unchanged: 0, remembered: 0, refused: 0, bad: 0, problems: [] },
    ...{ separator, encoding, unknownTags: {} },
    columns: columns.map(({ name, meaning, by }) => ({ name, meaning, by })),
  }
  const unknown = new Map<string, UnknownCell>()
  const addProblem = (problem: string) => {
    result.bad++
    if (result.problems.length < (options.partial ? MAX_PROBLEMS_PARTIAL : MAX_PROBLEMS)) result.problems.push(problem)
  }
  const hasFailed = () => (result.bad > 0 && !options.partial) || unknown.size > 0
  const at = now()
  class Rollback extends Error {}
  await db
    .transaction(async (tx) => {
      let chunk: Row[] = []
      const writeChunk = async () => {
        const invalid = await unknownZones(tx, chunk)
        for (const { line, zone } of invalid)
          addProblem(`line ${line}: time zone "${zone}" is not known. Write it like Europe/Berlin.`)
        const known = chunk.filter((row) => !invalid.includes(row))
        if (!hasFailed() && known.length > 0) {
          await carrySuppressions(
            tx,
            config,
            known.map(({ key }) => key),
          )
          const counts = await insertRows(tx, known, options, at)
          for (const name of COUNTS) result[name] += counts[name]
          result.unchanged += counts.unchanged
        }
        chunk = []
        await options.onProgress?.(result.read)
      }
      for await (const line of lines) {
        result.read++
        if ('problem' in line) addProblem(line.problem)
        else if ('unknown' in line) addUnknown(unknown, line.unknown, line.line)
        else chunk.push(line.row)
        if (chunk.length === CHUNK) await writeChunk()
        if (hasFailed() && (result.problems.length >= MAX_PROBLEMS || unknown.size >= MAX_PROBLEMS)) break
      }
      await writeChunk()
      if (hasFailed() || options.dryRun) throw new Rollback()
    })
    .catch((error) => {
      if (!(error instanceof Rollback)) throw error
    })
  if (unknown.size > 0) throw unrecognizedCells(file, [...unknown.values()])
  if (hasFailed()) {
    const more = result.bad >= MAX_PROBLEMS ? '\n  … and possibly more' : ''
    throw new PaperboyError(
      'BAD_IMPORT',
      `Nothing was imported from ${file}:\n  ${result.problems.join('\n  ')}${more}`,
    )
  }
  return { ...result, unknownTags: Object.fromEntries([...unknownTags].sort((a, b) => b[1] - a[1])) }
}

async function open(
  { db, config }: Pick<Services, 'db' | 'config'>,
  source: TextFile,
  { mappings = [] }: ImportOptions,
): Promise<SubscriberFile> {
  const file = nameOfFile(source)
  try {
    const readers = await openSubscriberFile(source, {
      newsletter: config.newsletter,
      suppressionKey: config.SUPPRESSION_KEY,
      mappings,
      topics: () => knownTopics(db),
    })
    const invalid = unrecognizedColumns(readers.columns)
    if (invalid.length === 0) return readers
    const names = invalid.map(({ name }) => name)
    const lines = names.map((name) => `the column "${name}": --map "${name}=MEANING"`)
    throw new UnrecognizedConsent(unrecognizedMessage(file, lines), names, [])
  } catch (error) {
    if (error instanceof PaperboyError) throw error
    throw new PaperboyError('BAD_IMPORT', `${file} cannot be imported: ${(error as Error).message}`, { cause: error })
  }
}

const unrecognizedMessage = (file: string, lines: string[]): string =>
  `Nothing was imported from ${file}. It may record who agreed to emails, in terms that Paperboy does not know. State what they mean:\n  ${lines.join('\n  ')}\n${MEANINGS_HELP}`

/** An unknown value about consent, with the message that names the first line with it. */
interface UnknownCell {
  column: ReadColumn
  value: string
  message: string
}

function addUnknown(seen: Map<string, UnknownCell>, { column, value, message }: UnknownValue, line: number): void {
  const key = `${column.name}\0${value.toLowerCase()}`
  const flag = column.by === undefined ? `${column.name}=MEANING` : `${column.name}:${value}=MEANING`
  if (!seen.has(key)) seen.set(key, { column, value, message: `${message} in line ${line}: --map "${flag}"` })
}

function unrecognizedCells(file: string, cells: UnknownCell[]): UnrecognizedConsent {
  const message = unrecognizedMessage(
    file,
    cells.map((cell) => cell.message),
  )
  const [known, other] = [cells.filter(({ column }) => column.by), cells.filter(({ column }) => !column.by)]
  return new UnrecognizedConsent(
    message,
    [...new Set(other.map(({ column }) => column.name))],
    known.map(({ column, value }) => ({ column: column.name, value })),
  )
}

/** Returns the rows whose zone the database does not know. */
async function unknownZones(db: Db, rows: Row[]): Promise<Row[]> {
  const zones = [...new Set(rows.map((row) => row.zone))]
  const unknown = await queryColumn(db, text)`
    SELECT zone FROM unnest(${sql.param(zones)}::text[]) AS zone WHERE NOT is_zone(zone)`
  return rows.filter((row) => unknown.includes(row.zone))
}

/** Returns the status a row is imported with; active only when the operator attests consent. */
function importedStatus({ status }: Row, { active }: Pick<ImportOptions, 'active'>): Status {
  if (status !== undefined && status !== 'active') return status
  return active ? 'active' : 'pending'
}

/** Imports rows of valid zones, whose addresses `carrySuppressions` has seen. @returns what became of them, counted */
export async function insertRows(db: Db, all: Row[], options: Pick<ImportOptions, 'active' | 'attestedBy'>, at: Date) {
  const rows = mergeDuplicates(
    all.map((row) => ({ ...row, hash: row.hash.toString('hex'), status: importedStatus(row, options) })),
  )
  const counts = await queryOne(db, Counts, insertStatement(rows, options, at))
  const { added, activated, remembered, refused } = counts
  return { ...counts, unchanged: all.length - added - activated - remembered - refused }
}

/** What each of a file's rows became, counted. */
const Counts = z.object({ added: number, asked: number, activated: number, remembered: number, refused: number })

/**
 * The statement that imports rows. One statement, so that concurrent sign-ups and imports of the same address cannot come in between.
 * CTEs in order: `given` (the rows, each with the suppression of its address), `known` (readers before), `written` (readers inserted or
 * changed), `asked` and `unasked` (confirmation emails queued or cancelled), `suppressed` (bounces and complaints of the old list).
 */
const insertStatement = (rows: readonly object[], options: Pick<ImportOptions, 'attestedBy'>, at: Date) => sql`
    WITH given AS (
      SELECT g.*, decode(g.hash, 'hex') AS address_hash, g.status IN ('active', 'pending') AS reads, x.reason
      FROM jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) AS g(
        line int, email text, key text, hash text, status subscriber_status, zone text, hour smallint, cadence cadence, weekday smallint,
        size smallint, format mail_format, locale text, topics text[], keywords text[],
        share text, authors text[], organisations text[], like_papers text[], like_voted boolean, source_links boolean,
        abstracts boolean,
        paused_until timestamptz, requested_at timestamptz, confirmed_at timestamptz, left_at timestamptz, consent_form text)
      LEFT JOIN suppressions x ON x.address_hash = decode(g.hash, 'hex')
    ), known AS (
      SELECT s.email_key, s.status FROM subscribers s JOIN given g ON g.key = s.email_key
    ), written AS (
      INSERT INTO subscribers AS s (email, email_key, address_hash, status, zone, hour, cadence, weekday, size, format, locale,
        topics, keywords, share, authors, organisations, like_papers, like_voted, source_links, abstracts, paused_until, left_at, consent_form, next_digest_at, confirm_nonce, requested_at,
        confirmed_at, imported_by, imported_at)
      SELECT email, key, address_hash, status, zone, hour, cadence, weekday, size, format, locale, topics, keywords,
        share, authors, organisations, like_papers, like_voted, source_links, abstracts,
        paused_until, left_at, consent_form,
        CASE WHEN status = 'active' THEN
          next_digest_at(zone, hour, cadence, weekday::int, greatest(${at}::timestamptz, paused_until)) END,
        CASE WHEN status = 'pending' THEN decode(substr(md5(random()::text), 1, 16), 'hex') END,
        CASE WHEN status = 'pending' THEN ${at} ELSE coalesce(requested_at, ${at}) END,
        CASE WHEN status = 'active' THEN coalesce(confirmed_at, requested_at, ${at})
             WHEN status <> 'pending' THEN confirmed_at END,
        ${options.attestedBy}, ${at}
      -- An erased address is not stored again, not even as unsubscribed.
      FROM given WHERE reason IS NULL OR NOT reads AND reason <> 'erasure'
      ORDER BY line
      ON CONFLICT (email_key) DO UPDATE SET status = excluded.status,
        next_digest_at = CASE WHEN excluded.status = 'active' THEN
          next_digest_at(s.zone, s.hour, s.cadence, s.weekday::int, ${at}) END,
        confirmed_at = CASE WHEN excluded.status = 'active' THEN excluded.confirmed_at ELSE s.confirmed_at END,
        left_at = CASE WHEN excluded.status = 'active' THEN s.left_at WHEN s.status = 'active' THEN coalesce(excluded.left_at, ${at})
                       ELSE excluded.left_at END,
        consent_form = coalesce(excluded.consent_form, s.consent_form),
        imported_by = excluded.imported_by, imported_at = excluded.imported_at, updated_at = ${at}
      WHERE CASE
        -- Another line of this file called them pending.
        WHEN excluded.status = 'active' THEN s.status = 'pending' AND s.xmin <> pg_current_xact_id()::xid
        WHEN excluded.status = 'pending' THEN false
        -- A confirmation here outweighs the old list. Imported consent ends when a list says so.
        ELSE s.status = 'pending' OR s.status = 'active' AND s.imported_by IS NOT NULL AND s.first_confirmed_at IS NULL END
      RETURNING id, email_key, status, consent_origin
    ), asked AS (
      INSERT INTO outbox (kind, subscriber_id, due_at, message_key, created_at)
      SELECT 'confirm', id, ${at}, decode(md5(random()::text || id), 'hex'), ${at} FROM written WHERE status = 'pending'
    ), unasked AS (
      -- Cancel a confirmation email that only an import requested, for people who opted out elsewhere.
      DELETE FROM outbox o USING written w
      WHERE o.subscriber_id = w.id AND o.kind IN ('confirm', 'remind') AND o.state = 'queued'
        AND w.status IN ('unsubscribed', 'bounced', 'complained') AND w.consent_origin IS NULL
    ), suppressed AS (
      INSERT INTO suppressions AS x (address_hash, reason, created_at)
      SELECT g.address_hash, CASE g.status WHEN 'bounced' THEN 'hard bounce' ELSE 'complaint' END::suppression_reason, ${at}
      FROM given g JOIN written w ON w.email_key = g.key AND w.status IN ('bounced', 'complained')
      ON CONFLICT (address_hash) DO UPDATE SET reason = excluded.reason, created_at = excluded.created_at
      WHERE x.reason = 'hard bounce' AND excluded.reason = 'complaint'
    )
    SELECT
      count(*) FILTER (WHERE w.id IS NOT NULL AND k.email_key IS NULL AND g.reads)::int AS added,
      count(*) FILTER (WHERE w.status = 'pending')::int AS asked,
      count(*) FILTER (WHERE w.id IS NOT NULL AND k.email_key IS NOT NULL AND g.reads)::int AS activated,
      count(*) FILTER (WHERE w.id IS NOT NULL AND NOT g.reads)::int AS remembered,
      count(*) FILTER (WHERE w.id IS NULL AND g.reads
        AND (g.reason IS NOT NULL OR k.status IN ('unsubscribed', 'bounced', 'complained', 'erased')))::int AS refused
    FROM given g LEFT JOIN written w ON w.email_key = g.key LEFT JOIN known k ON k.email_key = g.key`

/** Keeps one row for each mailbox: the last of those with the strictest status. */
function mergeDuplicates<T extends { key: string; status: Status }>(rows: T[]): T[] {
  const kept = new Map<string, T>()
  for (const row of rows) {
    const other = kept.get(row.key)
    if (!other || strictestStatus([other.status, row.status]) === row.status) kept.set(row.key, row)
  }
  return [...kept.values()]
}
