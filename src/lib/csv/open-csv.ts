import { PaperboyError } from '../errors.ts'
import { fileProblem } from '../file-problem.ts'
import { type Line, splitLines } from './lines.ts'
import { type CsvRow, endOfRecord, LONGEST_RECORD, parseText, takeRecords } from './records.ts'
import { detectEncoding, type Encoding, nameOfFile, readText, type TextFile } from './text-file.ts'

export interface CsvFile {
  /** the cells of the first line */
  header: string[]
  separator: string
  encoding: Encoding
  /** the records after the header, some at a time, each with its line; a bad record has a `problem` */
  batches: AsyncGenerator<CsvRow[]>
}

/** The separator that splits the first line into most cells wins. */
const SEPARATORS = [',', ';', '\t', '|']

/**
 * Opens a CSV file and reads its header. Memory use does not grow with the file.
 * Accepts commas, semicolons, tabs and bars, Excel's `sep=` line, UTF-8, UTF-16 and Windows-1252.
 *
 * @throws PaperboyError BAD_IMPORT when the file is missing, empty or has no header; `batches` throws it when the rest
 *   is unreadable
 */
export async function openCsv(file: TextFile): Promise<CsvFile> {
  try {
    const encoding = await detectEncoding(file)
    const lines = splitLines(readText(file, encoding), LONGEST_RECORD)
    const { first, named, rest } = await takeHeader(lines)
    const { separator, header } = (named ? [named] : SEPARATORS)
      .map((each) => ({ separator: each, header: parseText(first, each)?.[0] ?? [] }))
      .reduce((best, each) => (each.header.length > best.header.length ? each : best))
    if (header.length === 0) throw new Error('its first line has a quote (") out of place')
    return { header, separator, encoding, batches: recordsOf(file, rest, lines, { separator, width: header.length }) }
  } catch (error) {
    throw unreadable(file, error)
  }
}

const isBlank = ({ text }: Line): boolean => text.trim() === ''

/** Excel's first line, which names the separator. */
const NAMED_SEPARATOR = /^"?sep=(.)"?\s*$/i

/** Returns the text of the header, the separator named in a line before it, and the lines read beyond it. */
async function takeHeader(
  batches: AsyncGenerator<Line[]>,
): Promise<{ first: string; named: string | undefined; rest: Line[] }> {
  const lines: Line[] = []
  let named: string | undefined
  for (;;) {
    const { value, done } = await batches.next()
    for (const line of value ?? []) {
      const name = lines.length === 0 && named === undefined ? NAMED_SEPARATOR.exec(line.text)?.[1] : undefined
      if (name !== undefined) named = name
      else if (lines.length > 0 || !isBlank(line)) lines.push(line)
    }
    const end = lines.length > 0 ? endOfRecord(lines, 0) : 'open'
    if (typeof end === 'number') {
      const first = lines
        .slice(0, end)
        .map(({ text }) => text)
        .join('\n')
      return { first, named, rest: lines.slice(end) }
    }
    if (done && lines.length === 0)
      throw new Error('it is empty; its first line must name the columns, including "email"')
    if (done || end === 'never') throw new Error('its first line has a quote (") that is never closed')
  }
}

async function* recordsOf(
  file: TextFile,
  read: Line[],
  batches: AsyncGenerator<Line[]>,
  shape: { separator: string; width: number },
): AsyncGenerator<CsvRow[]> {
  try {
    let waiting = read
    for await (const lines of batches) {
      const { rows, rest } = takeRecords(waiting.length > 0 ? [...waiting, ...lines] : lines, shape, false)
      yield rows
      waiting = rest
    }
    yield takeRecords(waiting, shape, true).rows
  } catch (error) {
    throw unreadable(file, error)
  }
}

function unreadable(source: TextFile, error: unknown): unknown {
  if (error instanceof PaperboyError) return error
  const file = nameOfFile(source)
  const problem = fileProblem(error) ?? `is not a readable CSV file: ${(error as Error).message}`
  return new PaperboyError('BAD_IMPORT', `${file} ${problem}.`, { cause: error })
}
