import type { Db } from '../db/database.ts'
import { PaperboyError } from '../errors.ts'
import { isDay, observedAtClose } from './days.ts'
import { isHfEntry, parseHfEntry } from './hf-entry.ts'
import { type BadEntry, isBad, type ListedPaper } from './listed-paper.ts'
import { parsePlainEntry } from './plain-entry.ts'
import { readJsonFile } from './read-json-file.ts'
import { type Stored, storeList } from './store.ts'

export interface ImportReport extends Stored {
  file: string
  /** the list days that the papers are on, ascending */
  days: string[]
  /** entries left out, each with its place in the file, from 1 */
  bad: (BadEntry & { file: string })[]
}

interface Deps {
  db: Db
  now: () => Date
  closeHourUtc: number
}

/**
 * Imports a list of papers: replies of Hugging Face's daily_papers, or a plain array of {title, abstract, …}; .json, gzipped or not.
 *
 * A file does not say when it was read, so its votes count as of the close of each list day, or of now where that is to come.
 * An entry that is no paper is reported and the others imported; a file that cannot be read at all changes nothing.
 *
 * @param options.date the list day of all its papers; a plain array needs it
 * @throws PaperboyError BAD_IMPORT
 */
export async function importFile(
  { db, now, closeHourUtc }: Deps,
  path: string,
  { date }: { date?: string | undefined } = {},
): Promise<ImportReport> {
  if (date !== undefined && !isDay(date)) {
    throw new PaperboyError('BAD_IMPORT', `"${date}" is not a day. Write it as 2026-03-14.`)
  }
  const entries = await readJsonFile(path)
  if (!Array.isArray(entries)) throw new PaperboyError('BAD_IMPORT', `${path} is not a JSON array of papers.`)
  if (!date && entries.length > 0 && !entries.some(isHfEntry)) {
    throw new PaperboyError('BAD_IMPORT', `${path} does not say which day its papers belong to: give it with --date.`)
  }
  const { papers, bad } = parseEntries(entries, date)
  const report: ImportReport = { file: path, papers: 0, added: 0, changed: 0, signals: 0, days: [], bad: [] }
  report.bad = bad.map((entry) => ({ file: path, ...entry }))
  const byDay = Map.groupBy(papers, (paper) => paper.listDay)
  report.days = [...byDay.keys()].sort()
  await db.transaction(async (tx) => {
    for (const day of report.days) {
      const observedAt = observedAtClose(day, closeHourUtc, now())
      const stored = await storeList({ db: tx }, byDay.get(day)!, { observedAt, origin: 'file' })
      for (const key of ['papers', 'added', 'changed', 'signals'] as const) report[key] += stored[key]
    }
  })
  return report
}

function parseEntries(entries: unknown[], date: string | undefined) {
  const papers: ListedPaper[] = []
  const bad: BadEntry[] = []
  const seen = new Map<string, number>()
  for (const [index, entry] of entries.entries()) {
    const position = index + 1
    const parsed = parseEntry(entry, position, date)
    const key = isBad(parsed) ? '' : `${parsed.listDay} ${parsed.source} ${parsed.sourceId}`
    const first = seen.get(key)
    if (isBad(parsed)) bad.push(parsed)
    else if (first !== undefined) bad.push({ position, reason: `is the same paper as entry ${first}` })
    else {
      seen.set(key, position)
      papers.push(parsed)
    }
  }
  return { papers, bad }
}

function parseEntry(entry: unknown, position: number, date: string | undefined): ListedPaper | BadEntry {
  if (isHfEntry(entry)) return parseHfEntry(entry, position, date)
  if (date) return parsePlainEntry(entry, position, date)
  return { position, reason: 'does not say its list day; give it with --date' }
}
