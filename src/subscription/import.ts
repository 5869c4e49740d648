import { sql } from 'drizzle-orm'
import { nameOfFile, type TextFile } from '../lib/csv/text-file.ts'
import { PaperboyError } from '../lib/errors.ts'
import { knownTopics } from '../papers/topics/topic-counts.ts'
import type { Db } from '../runtime/db/database.ts'
import type { Services } from '../runtime/services.ts'
import { ChunkWriter } from './chunk-writer.ts'
import { carrySuppressions } from './compose-keys.ts'
import { isAboutConsent, type Mapping, MEANINGS_HELP, type ReadColumn, unrecognizedColumns } from './import-columns.ts'
import type { UnknownValue } from './import-consent.ts'
import { openSubscriberFile, type Row, rowOfAddress, type SubscriberFile } from './import-rows.ts'
import { type Attested, deactivateRows, insertRows } from './insert-rows.ts'
import { KnownZones } from './known-zones.ts'

export interface ImportOptions extends Attested {
  dryRun: boolean
  /** import the valid lines even when others are not */
  partial?: boolean
  /** meanings of columns that no known tool writes */
  mappings?: readonly Mapping[]
  /** called between chunks, with the number of lines read so far */
  onProgress?: (lines: number) => Promise<void>
  /** called before the import commits, for what has to be stored with it */
  onImported?: (tx: Db, result: ImportResult) => Promise<void>
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
  const { columns, separator, encoding, batches, unknownTags } = await open({ db, config }, source, options)
  const result: ImportResult = {
    ...{ read: 0, added: 0, asked: 0, activated: 0, unchanged: 0, remembered: 0, refused: 0, bad: 0, problems: [] },
    ...{ separator, encoding, unknownTags: {} },
    columns: columns.map(({ name, meaning, by }) => ({ name, meaning, by })),
  }
  const unknown = new Map<string, UnknownCell>()
  const unsure = new Set<string>()
  const addProblem = (problem: string) => {
    result.bad++
    if (result.problems.length < (options.partial ? MAX_PROBLEMS_PARTIAL : MAX_PROBLEMS)) result.problems.push(problem)
  }
  const hasFailed = () => (result.bad > 0 && !options.partial) || unknown.size > 0
  const at = now()
  class Rollback extends Error {}
  await db
    .transaction(async (tx) => {
      // Imports take turns: two files with the same people in another order would wait for each other's rows.
      await tx.execute(sql`SELECT pg_advisory_xact_lock(hashtext('paperboy import readers'))`)
      const zones = new KnownZones(tx)
      await using writer = new ChunkWriter(async (rows) => {
        if (hasFailed() || rows.length === 0) return
        await carrySuppressions(
          tx,
          config,
          rows.map(({ key }) => key),
        )
        const counts = await insertRows(tx, rows, options, at)
        for (const name of COUNTS) result[name] += counts[name]
        result.unchanged += counts.unchanged
      })
      for await (const lines of batches) {
        await zones.learn(lines)
        for (const read of lines) {
          result.read++
          const line = zones.check(read)
          if ('problem' in line) {
            const { problem, optOut } = line
            addProblem(optOut && options.partial ? `${problem} Only its opt-out is kept.` : problem)
            if (options.partial) for (const address of line.unsure ?? []) unsure.add(address)
          }
          if ('unknown' in line) addUnknown(unknown, line.unknown, line.line)
          const row = 'row' in line ? line.row : 'optOut' in line ? line.optOut : undefined
          if (row && (await writer.add(row))) await options.onProgress?.(result.read)
          if (hasFailed() && (result.problems.length >= MAX_PROBLEMS || unknown.size >= MAX_PROBLEMS)) break
        }
        if (hasFailed() && (result.problems.length >= MAX_PROBLEMS || unknown.size >= MAX_PROBLEMS)) break
      }
      await writer.finish()
      if (!hasFailed()) result.asked += await deactivate(tx, config, [...unsure], options, at)
      await options.onProgress?.(result.read)
      result.unknownTags = Object.fromEntries([...unknownTags].sort((a, b) => b[1] - a[1]))
      if (hasFailed() || options.dryRun) throw new Rollback()
      await options.onImported?.(tx, result)
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
  return result
}

/** Makes readers pending whom this file activated although another of its lines does not. Returns their number. */
async function deactivate(
  db: Db,
  config: Services['config'],
  addresses: readonly string[],
  options: Attested,
  at: Date,
): Promise<number> {
  const settings = { newsletter: config.newsletter, suppressionKey: config.SUPPRESSION_KEY }
  const rows = addresses.flatMap((address): Row[] => {
    try {
      return [{ ...rowOfAddress(settings, address), status: 'pending' }]
    } catch {
      return [] // no address of a reader
    }
  })
  return rows.length === 0 ? 0 : deactivateRows(db, rows, options, at)
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
  const flag = isAboutConsent(column) ? `${column.name}:${value}=MEANING` : `${column.name}=MEANING`
  if (!seen.has(key)) seen.set(key, { column, value, message: `${message} in line ${line}: --map "${flag}"` })
}

function unrecognizedCells(file: string, cells: UnknownCell[]): UnrecognizedConsent {
  const message = unrecognizedMessage(
    file,
    cells.map((cell) => cell.message),
  )
  const known = cells.filter(({ column }) => isAboutConsent(column))
  const other = cells.filter(({ column }) => !isAboutConsent(column))
  return new UnrecognizedConsent(
    message,
    [...new Set(other.map(({ column }) => column.name))],
    known.map(({ column, value }) => ({ column: column.name, value })),
  )
}
