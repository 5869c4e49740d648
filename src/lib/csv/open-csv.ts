import { PaperboyError } from '../errors.ts'
import { type Line, linesOf } from './lines.ts'
import { type CsvRow, endOfRecord, LONGEST_RECORD, parseText, takeRecords } from './records.ts'
import { type Encoding, encodingOf, readText } from './text-file.ts'

export interface CsvFile {
  /** the cells of the first line */
  header: string[]
  separator: string
  encoding: Encoding
  /** the records after the header, each with its line; bad ones say what is wrong */
  rows: AsyncGenerator<CsvRow>
}

/** More than one: the one that cuts the first line into most cells. */
const SEPARATORS = [',', ';', '\t', '|']

/**
 * Opens a CSV file and reads its header; memory does not grow with the file. Takes what spreadsheets and other tools write: commas,
 * semicolons or tabs, Excel's `sep=` line, UTF-8, UTF-16 and Windows-1252.
 *
 * @throws PaperboyError BAD_IMPORT for a file that is missing, empty, or has no header; so do `rows` for one that ends unreadable
 */
export async function openCsv(file: string): Promise<CsvFile> {
  try {
    const encoding = await encodingOf(file)
    const batches = linesOf(readText(file, encoding), LONGEST_RECORD)
    const { first, named, rest } = await takeHeader(batches)
    const { separator, header } = (named ? [named] : SEPARATORS)
      .map((each) => ({ separator: each, header: parseText(first, each)?.[0] ?? [] }))
      .reduce((best, each) => (each.header.length > best.header.length ? each : best))
    if (header.length === 0) throw new Error('its first line has a quote (") out of place')
    return { header, separator, encoding, rows: rowsOf(file, rest, batches, { separator, width: header.length }) }
  } catch (error) {
    throw unreadable(file, error)
  }
}

const isBlank = ({ text }: Line): boolean => text.trim() === ''

/** Excel's first line that names the separator. */
const NAMED_SEPARATOR = /^"?sep=(.)"?\s*$/i

/** The header's text, the separator that a line before it names, and the lines read beyond it. */
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
      throw new Error('it is empty; its first line has to name the columns, "email" among them')
    if (done || end === 'never') throw new Error('its first line has a quote (") that never ends')
  }
}

async function* rowsOf(
  file: string,
  read: Line[],
  batches: AsyncGenerator<Line[]>,
  shape: { separator: string; width: number },
): AsyncGenerator<CsvRow> {
  try {
    let waiting = read
    for await (const lines of batches) {
      const { rows, rest } = takeRecords(waiting.length > 0 ? [...waiting, ...lines] : lines, shape, false)
      yield* rows
      waiting = rest
    }
    yield* takeRecords(waiting, shape, true).rows
  } catch (error) {
    throw unreadable(file, error)
  }
}

function unreadable(file: string, error: unknown): unknown {
  if (error instanceof PaperboyError) return error
  const { code, message } = error as { code?: string; message: string }
  if (code === 'ENOENT') return new PaperboyError('BAD_IMPORT', `There is no file ${file}.`, { cause: error })
  return new PaperboyError('BAD_IMPORT', `${file} is not a CSV file that can be read: ${message}`, { cause: error })
}
