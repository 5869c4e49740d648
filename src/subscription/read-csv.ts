import { createReadStream } from 'node:fs'
import { pipeline } from 'node:stream'
import { parse } from 'csv-parse'
import { PaperboyError } from '../lib/errors.ts'

/** A line longer than this is no reader; what follows an unclosed quote must not fill the memory. */
const LONGEST_LINE = 64 * 1024

/**
 * Reads a CSV file line by line, whatever its size.
 *
 * @param headerOf names the columns from the first line's cells; what it throws is told as the reason why the file cannot be read
 * @throws PaperboyError BAD_IMPORT for a file that is not there, is empty, or is not CSV
 */
export async function* readCsv(
  file: string,
  headerOf: (names: string[]) => string[],
): AsyncGenerator<{ line: number; record: Record<string, string> }> {
  let header = false
  const columns = (names: string[]) => {
    header = true
    return headerOf(names)
  }
  const parser = parse({
    bom: true,
    columns,
    trim: true,
    skip_empty_lines: true,
    info: true,
    max_record_size: LONGEST_LINE,
  })
  // Not pipe, which would keep a file that cannot be read from ever ending the loop below.
  pipeline(createReadStream(file), parser, () => {})
  try {
    for await (const { info, record } of parser) yield { line: info.lines, record }
    if (!header) throw new Error('it is empty; its first line has to name the columns, "email" among them')
  } catch (error) {
    const { code, message } = error as { code?: string; message: string }
    if (code === 'ENOENT') throw new PaperboyError('BAD_IMPORT', `There is no file ${file}.`, { cause: error })
    throw new PaperboyError('BAD_IMPORT', `${file} is not a CSV file that can be read: ${message}`, { cause: error })
  }
}
