import { withPlace } from '../calendar/zone-names.ts'
import { addressHash, parseAddress } from '../mail/address.ts'
import { isLocale } from '../messages/catalogue.ts'
import { columnName, unguarded } from './csv-columns.ts'
import { readCsv } from './read-csv.ts'
import { CADENCES, FORMATS, LONGEST_KEYWORD, MOST_WISHED } from './wishes.ts'

const STATUSES = ['active', 'pending', 'unsubscribed', 'bounced', 'complained'] as const

/** One line of an import, checked as far as that can be done without the database. */
export interface Row {
  line: number
  email: string
  key: string
  hash: Buffer
  /** what the list says of them; a plain list says nothing */
  status: (typeof STATUSES)[number] | undefined
  zone: string
  hour: number
  cadence: string
  weekday: number
  size: number
  format: string
  locale: string
  topics: string[]
  keywords: string[]
  like_voted: boolean
  paused_until: Date | undefined
  requested_at: Date | undefined
  confirmed_at: Date | undefined
  left_at: Date | undefined
  consent_form: string | undefined
}

export type Line = { row: Row } | { problem: string }

/** No digest of more is under the length that mail programs show. */
const MOST_PAPERS = 20

/**
 * The lines of a list of readers: a header that names `email`, in any order the rest; columns that mean nothing here are skipped.
 * @throws PaperboyError BAD_IMPORT for a file that is not there or not CSV
 */
export async function* readRows(file: string, suppressionKey: string): AsyncGenerator<Line> {
  for await (const { line, record } of readCsv(file, headerOf)) yield toLine(line, record, suppressionKey)
}

function headerOf(names: string[]): string[] {
  const columns = names.map(columnName)
  if (!columns.includes('email')) throw new Error('its first line has no column "email"')
  const twice = columns.find((name, index) => name === 'email' && columns.indexOf(name) !== index)
  if (twice) throw new Error(`its first line names the column "${twice}" twice`)
  return columns
}

function toLine(line: number, record: Record<string, string>, suppressionKey: string): Line {
  try {
    return { row: toRow(line, record, suppressionKey) }
  } catch (error) {
    return { problem: `line ${line}: ${(error as Error).message}` }
  }
}

function toRow(line: number, record: Record<string, string>, suppressionKey: string): Row {
  const cell = (column: string) => unguarded(record[column] ?? '')
  const { email, key } = parseAddress(cell('email'), { utf8: true })
  const zone = withPlace(cell('zone') || 'UTC')
  if (zone.includes('\0')) throw new Error('the time zone has a character that no zone has')
  const locale = cell('locale') || 'en'
  if (!isLocale(locale)) throw new Error(`locale "${locale}" is none that Paperboy speaks`)
  return {
    line,
    email,
    key,
    hash: addressHash(suppressionKey, key),
    status: oneOf(STATUSES, 'status', cell('status')),
    zone,
    hour: whole('hour', cell('hour'), 0, 23) ?? 8,
    cadence: oneOf(CADENCES, 'cadence', cell('cadence')) ?? 'daily',
    weekday: whole('weekday', cell('weekday'), 1, 7) ?? 1,
    size: whole('size', cell('size'), 1, MOST_PAPERS) ?? 10,
    format: oneOf(FORMATS, 'format', cell('format')) ?? 'html',
    locale,
    topics: several('topics', cell('topics')),
    keywords: several('keywords', cell('keywords')),
    like_voted: oneOf(['true', 'false'] as const, 'like_voted', cell('like_voted')) === 'true',
    paused_until: moment('paused_until', cell('paused_until')),
    requested_at: moment('requested_at', cell('requested_at')),
    confirmed_at: moment('confirmed_at', cell('confirmed_at')),
    left_at: moment('left_at', cell('left_at')),
    consent_form: cell('consent_form').replaceAll('\0', '').slice(0, 200) || undefined,
  }
}

function oneOf<T extends string>(allowed: readonly T[], name: string, text: string): T | undefined {
  if (text === '') return undefined
  const found = allowed.find((each) => each === text)
  if (found === undefined) throw new Error(`${name} "${text.slice(0, 40)}" is not ${allowed.join(', ')}`)
  return found
}

function whole(name: string, text: string, least: number, most: number): number | undefined {
  if (text === '') return undefined
  const value = Number(text)
  if (Number.isInteger(value) && value >= least && value <= most) return value
  throw new Error(`${name} "${text.slice(0, 40)}" is not ${least} to ${most}`)
}

function moment(name: string, text: string): Date | undefined {
  if (text === '') return undefined
  const at = new Date(text)
  if (at.getTime() > Date.UTC(1970, 0) && at.getTime() < Date.UTC(9999, 0)) return at
  throw new Error(`${name} "${text.slice(0, 40)}" is no moment. Write it like 2026-04-14T08:00:00Z`)
}

function several(name: string, text: string): string[] {
  const values = [...new Set(text.split(';').map((value) => value.trim()))].filter(Boolean)
  if (values.length > MOST_WISHED) throw new Error(`${name} are more than ${MOST_WISHED}`)
  if (values.some((value) => value.length > LONGEST_KEYWORD || /\p{Cc}/u.test(value)))
    throw new Error(`${name} has one of more than ${LONGEST_KEYWORD} characters`)
  return values
}
