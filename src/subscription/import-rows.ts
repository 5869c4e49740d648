import { createReadStream } from 'node:fs'
import { pipeline } from 'node:stream'
import { parse } from 'csv-parse'
import { PaperboyError } from '../errors.ts'
import { addressHash, parseAddress } from './address.ts'
import { CADENCES } from './preferences.ts'

/** One line of an import, checked as far as that can be done without the database. */
export interface Row {
  line: number
  email: string
  key: string
  hash: Buffer
  zone: string
  hour: number
  cadence: string
  size: number
  /** what an export said of them */
  status: 'active' | 'pending' | 'left' | undefined
}

export type Line = { row: Row } | { problem: string }

/** No digest of more is under the length that mail programs show. */
const MOST_PAPERS = 20

/**
 * Reads a CSV file line by line: a header that names `email`, in any order the rest; columns that mean nothing here are skipped.
 * @throws PaperboyError BAD_IMPORT for a file that is not there or not CSV
 */
export async function* readRows(file: string, suppressionKey: string): AsyncGenerator<Line> {
  let header = false
  const columns = (names: string[]) => {
    header = true
    return headerOf(names)
  }
  const parser = parse({ bom: true, columns, trim: true, skip_empty_lines: true, info: true })
  // Not pipe, which would keep a file that cannot be read from ever ending the loop below.
  pipeline(createReadStream(file), parser, () => {})
  try {
    for await (const { info, record } of parser) yield toLine(info.lines, record, suppressionKey)
    if (!header) throw new Error('it is empty; its first line has to name the column "email"')
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

function toLine(line: number, record: Record<string, string>, suppressionKey: string): Line {
  try {
    return { row: toRow(line, record, suppressionKey) }
  } catch (error) {
    return { problem: `line ${line}: ${(error as Error).message}` }
  }
}

function toRow(line: number, record: Record<string, string>, suppressionKey: string): Row {
  const { email, key } = parseAddress(record.email ?? '', { utf8: true })
  const hour = record.hour ? Number(record.hour) : 8
  const size = record.size ? Number(record.size) : 10
  const cadence = record.cadence || 'daily'
  const zone = record.zone || 'UTC'
  if (!Number.isInteger(hour) || hour < 0 || hour > 23) throw new Error(`hour "${record.hour}" is not 0 to 23`)
  if (!Number.isInteger(size) || size < 1 || size > MOST_PAPERS) {
    throw new Error(`size "${record.size}" is not 1 to ${MOST_PAPERS}`)
  }
  if (!CADENCES.some((known) => known === cadence)) {
    throw new Error(`cadence "${cadence}" is not ${CADENCES.join(', ')}`)
  }
  if (zone.includes('\0')) throw new Error('the time zone has a character that no zone has')
  const status = statusOf(record.status)
  return { line, email, key, hash: addressHash(suppressionKey, key), zone, hour, cadence, size, status }
}

function statusOf(text: string | undefined): Row['status'] {
  if (!text) return undefined
  if (text === 'active' || text === 'pending') return text
  if (['unsubscribed', 'bounced', 'complained', 'erased'].includes(text)) return 'left'
  throw new Error(`status "${text}" is none that an export has`)
}
