import { stat } from 'node:fs/promises'
import { sql } from 'drizzle-orm'
import { z } from 'zod'
import { closeOfDay, isDay, observedAtClose, startOfDay } from '../../calendar/days.ts'
import { PaperboyError } from '../../lib/errors.ts'
import type { Db } from '../../runtime/db/database.ts'
import { query } from '../../runtime/db/query.ts'
import { parsePapers } from './formats/parse-papers.ts'
import { badFile, readTextFile } from './formats/read-text-file.ts'
import { isSignalTable, parseSignalTable, type SignalRow } from './formats/signal-rows.ts'
import { type BadEntry, isBad, type ListedPaper } from './listed-paper.ts'
import { type Stored, storeList } from './store.ts'
import { storeSignalRows } from './store-signals.ts'
import { withinLimits } from './within-limits.ts'

export interface ImportReport extends Stored {
  file: string
  /** list days of the papers, or of the papers whose votes a CSV has; ascending */
  days: string[]
  /** skipped entries, each with its position in the file, starting at 1 */
  bad: (BadEntry & { file: string })[]
}

interface Deps {
  db: Db
  now: () => Date
  closeHourUtc: number
}

/** A parsed file, not stored yet. */
export interface ReadFile {
  path: string
  /** when the file was last changed */
  changed: Date
  bad: BadEntry[]
  papers: ListedPaper[]
  /** votes over time, from a CSV */
  signals: SignalRow[]
}

interface FileOptions {
  /** list day of all papers; a plain list needs it when its records have no date */
  date?: string | undefined
  /** when the votes in the file were read */
  observed?: Date | undefined
}

/**
 * Parses a file of papers, in any format of formats/parse-papers.ts, gzipped or not, or a CSV of votes over time.
 * @throws PaperboyError BAD_IMPORT
 */
export async function readFile(path: string, { date }: FileOptions = {}): Promise<ReadFile> {
  if (date !== undefined && !isDay(date)) {
    throw new PaperboyError('BAD_IMPORT', `"${date}" is not a day. Write it as 2026-03-14.`)
  }
  const text = await readTextFile(path)
  const { mtime: changed } = await stat(path)
  if (isSignalTable(text)) {
    const { rows, bad } = withinLimits('BAD_IMPORT', path, () => parseSignalTable(text))
    return { path, changed, bad, papers: [], signals: rows }
  }
  const { papers, bad } = withinLimits('BAD_IMPORT', path, () => withoutRepeats(parsePapers(text, path, date)))
  if (papers.length === 0 && bad.length > 0 && !date && bad.every(({ reason }) => reason.includes('--date')))
    throw new PaperboyError('BAD_IMPORT', `${path} does not contain the list day of its papers. Add --date.`)
  return { path, changed, bad, papers, signals: [] }
}

/**
 * Stores the papers of a file, or votes over time for known papers.
 *
 * Lists do not record when they were read; see `readTimeOf`.
 * Invalid entries are reported and skipped. A file that cannot be parsed at all changes nothing.
 *
 * @throws PaperboyError BAD_IMPORT
 */
export async function storeFile(
  { db, now, closeHourUtc }: Deps,
  { path, changed, bad, papers, signals }: ReadFile,
  { observed }: FileOptions = {},
): Promise<ImportReport> {
  const report: ImportReport = { file: path, papers: 0, added: 0, changed: 0, signals: 0, days: [], bad: [] }
  report.bad = bad.map((entry) => ({ file: path, ...entry }))
  if (signals.length > 0) {
    report.signals = await storeSignalRows({ db }, signals)
    report.days = await readDays(db, signals)
  }
  const byDay = Map.groupBy(papers, (paper) => paper.listDay)
  if (papers.length === 0) return report
  report.days = [...byDay.keys()].sort()
  if (observed) checkReadTime(path, observed, report.days.at(-1), now())
  await db.transaction(async (tx) => {
    for (const day of report.days) {
      const read = observed
        ? { observedAt: observed, origin: 'file' as const }
        : readTimeOf(day, changed, closeHourUtc, now())
      const stored = await storeList({ db: tx }, byDay.get(day)!, read)
      for (const key of ['papers', 'added', 'changed', 'signals'] as const) report[key] += stored[key]
    }
  })
  return report
}

/** Reads and stores a file. */
export const importFile = async (deps: Deps, path: string, options: FileOptions = {}): Promise<ImportReport> =>
  storeFile(deps, await readFile(path, options), options)

async function readDays(db: Db, rows: readonly SignalRow[]): Promise<string[]> {
  const ids = [...new Set(rows.map(({ arxivId }) => arxivId))]
  const days = await query(db, z.object({ day: z.string() }))`SELECT DISTINCT list_day::text AS day FROM papers
      WHERE source = 'arxiv' AND source_id = ANY(${sql.param(ids)}::text[]) ORDER BY 1`
  return days.map(({ day }) => day)
}

/**
 * Returns when a list's votes were read, as far as its file tells. A file last changed while the list was open was read then at the latest.
 * A later time may be that of a copy. Such votes count as of the list's close, or as of now if that is earlier, and are marked undated:
 * no reason names a time for them.
 */
function readTimeOf(day: string, changed: Date, closeHourUtc: number, now: Date) {
  const isOpen = changed >= startOfDay(day) && changed < closeOfDay(day, closeHourUtc) && changed <= now
  return isOpen
    ? { observedAt: changed, origin: 'file' as const }
    : { observedAt: observedAtClose(day, closeHourUtc, now), origin: 'undated' as const }
}

/** @throws PaperboyError BAD_IMPORT for a time in the future or before the newest list of the file */
function checkReadTime(path: string, observed: Date, newestDay: string | undefined, now: Date): void {
  const time = observed.toISOString()
  if (observed > now)
    throw new PaperboyError('BAD_IMPORT', `${time} is in the future. Votes were read earlier than now.`)
  if (newestDay !== undefined && observed < startOfDay(newestDay))
    throw badFile(path, `has papers of ${newestDay}, so its votes were not read at ${time}`)
}

function withoutRepeats(parsed: (ListedPaper | BadEntry)[]) {
  const papers: ListedPaper[] = []
  const bad: BadEntry[] = []
  const seen = new Map<string, number>()
  for (const entry of parsed) {
    const key = isBad(entry) ? '' : `${entry.listDay} ${entry.source} ${entry.sourceId}`
    const first = seen.get(key)
    if (isBad(entry)) bad.push(entry)
    else if (first !== undefined)
      bad.push({ position: entry.listPosition, reason: `is the same paper as entry ${first}` })
    else {
      seen.set(key, entry.listPosition)
      papers.push(entry)
    }
  }
  return { papers, bad }
}
