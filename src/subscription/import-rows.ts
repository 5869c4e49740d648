import { canonicalZone } from '../calendar/zone-names.ts'
import { addressHash, parseAddress } from '../mail/address.ts'
import { isLocale } from '../messages/catalogue.ts'
import { slugOf } from '../papers/topics/topics.ts'
import { type CsvColumn, unguarded } from './csv-columns.ts'
import { type Mapping, type ReadColumn, readColumns } from './import-columns.ts'
import { consentOf, UnknownValue, worstOf } from './import-consent.ts'
import { momentOf, saysNothing } from './import-moments.ts'
import type { Meaning, Status } from './known-columns.ts'
import { type CsvFile, openCsv } from './read-csv.ts'
import { CADENCES, FORMATS, LONGEST_KEYWORD, MOST_WISHED } from './wishes.ts'

/** One line of an import, checked as far as that can be done without the database. */
export interface Row {
  line: number
  email: string
  key: string
  hash: Buffer
  /** what the list says of them; a plain list says nothing */
  status: Status | undefined
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

export type Line = { row: Row } | { problem: string } | { unknown: UnknownValue; line: number }

export interface ReadersFile extends Pick<CsvFile, 'separator' | 'encoding'> {
  columns: ReadColumn[]
  lines: AsyncGenerator<Line>
  /** tags that are no topic, and how many rows have each; grows as lines are read */
  strangeTags: Map<string, number>
}

/** No digest of more is under the length that mail programs show. */
const MOST_PAPERS = 20
/** Of which each is counted by itself. */
const MOST_TAGS = 1000

/**
 * Opens a list of readers: our own export, another tool's, or any table with a column of addresses.
 *
 * @param options.mappings what the operator says of columns
 * @param options.topics the slugs of topics that there are; asked only where a column has topics or tags
 * @throws PaperboyError BAD_IMPORT for a file that is not there or not CSV; Error in words for columns that cannot be read
 */
export async function openReaders(
  file: string,
  options: { suppressionKey: string; mappings: readonly Mapping[]; topics: () => Promise<ReadonlySet<string>> },
): Promise<ReadersFile> {
  const { header, separator, encoding, rows } = await openCsv(file)
  const columns = readColumns(header, options.mappings)
  const strangeTags = new Map<string, number>()
  const hasTopics = columns.some(({ meaning }) => meaning === 'topics' || meaning === 'tags')
  const topics = hasTopics ? await options.topics() : new Set<string>()
  const toRow = rowReader(columns, options.suppressionKey, topics, strangeTags)
  async function* lines(): AsyncGenerator<Line> {
    for await (const read of rows) {
      if ('problem' in read) yield { problem: `line ${read.line}: ${read.problem}` }
      else yield toLine(read.line, read.cells.map(unguarded))
    }
  }
  const toLine = (line: number, cells: string[]): Line => {
    try {
      return { row: toRow(line, cells) }
    } catch (error) {
      if (error instanceof UnknownValue) return { unknown: error, line }
      return { problem: `line ${line}: ${(error as Error).message}` }
    }
  }
  return { separator, encoding, columns, strangeTags, lines: lines() }
}

function rowReader(
  columns: readonly ReadColumn[],
  suppressionKey: string,
  topics: ReadonlySet<string>,
  strangeTags: Map<string, number>,
): (line: number, cells: string[]) => Row {
  const places = Map.groupBy(columns.keys(), (index) => columns[index]!.meaning)
  const all = (cells: string[], meaning: Meaning) => (places.get(meaning) ?? []).map((index) => cells[index]!)
  return (line, cells) => {
    const cell = (column: CsvColumn) => all(cells, column).find((text) => text !== '') ?? ''
    const { email, key } = parseAddress(cell('email'), { utf8: true })
    const zone = canonicalZone(cell('zone') || 'UTC')
    if (zone.includes('\0')) throw new Error('the time zone has a character that no zone has')
    const locale = cell('locale') || 'en'
    if (!isLocale(locale)) throw new Error(`locale "${locale}" is none that Paperboy speaks`)
    const requested_at = moment('requested_at', cell('requested_at'))
    const confirmed_at = moment('confirmed_at', cell('confirmed_at'))
    const left_at = moment('left_at', cell('left_at'))
    const consent = consentOf(columns, cells)
    const hasLeft = left_at !== undefined && !(latest(requested_at, confirmed_at) > left_at.getTime())
    return {
      line,
      email,
      key,
      hash: addressHash(suppressionKey, key),
      status: hasLeft ? worstOf([consent.status ?? 'active', 'unsubscribed']) : consent.status,
      zone,
      hour: whole('hour', cell('hour'), 0, 23) ?? 8,
      cadence: oneOf(CADENCES, 'cadence', cell('cadence')) ?? 'daily',
      weekday: whole('weekday', cell('weekday'), 1, 7) ?? 1,
      size: whole('size', cell('size'), 1, MOST_PAPERS) ?? 10,
      format: oneOf(FORMATS, 'format', cell('format')) ?? 'html',
      locale,
      topics: topicsIn(all(cells, 'topics'), all(cells, 'tags'), topics, strangeTags),
      keywords: several('keywords', cell('keywords').split(';')),
      like_voted: oneOf(['true', 'false'] as const, 'like_voted', cell('like_voted')) === 'true',
      paused_until: moment('paused_until', cell('paused_until')),
      requested_at,
      confirmed_at,
      left_at: left_at ?? consent.leftAt,
      consent_form: cell('consent_form').replaceAll('\0', '').slice(0, 200) || undefined,
    }
  }
}

/**
 * Topics as slugs or names. In our own column an unknown one is an error; of another tool's tags those that are topics are taken,
 * and the others counted.
 */
function topicsIn(
  own: string[],
  tags: string[],
  known: ReadonlySet<string>,
  strangeTags: Map<string, number>,
): string[] {
  const wished = several('topics', own.flatMap(listed))
  const stranger = wished.find((topic) => !known.has(slugOf(topic)))
  if (stranger !== undefined)
    throw new Error(
      `topic "${stranger}" is not known here. Collect papers first, or leave unknown topics out: --map "topics=tags"`,
    )
  const found = wished.map(slugOf)
  for (const tag of new Set(tags.flatMap(listed))) {
    if (known.has(slugOf(tag))) found.push(slugOf(tag))
    else if (strangeTags.size < MOST_TAGS || strangeTags.has(tag)) strangeTags.set(tag, (strangeTags.get(tag) ?? 0) + 1)
  }
  return [...new Set(found)].slice(0, MOST_WISHED)
}

/** The values of a cell: parted by commas or semicolons, in quotes where a value has one (`"Biology","Lab, old"`). */
const listed = (cell: string): string[] =>
  [...cell.matchAll(/"((?:[^"]|"")*)"|[^",;]+/g)]
    .map(([text, quoted]) => (quoted ?? text).replaceAll('""', '"').trim())
    .filter(Boolean)

const latest = (...moments: (Date | undefined)[]): number =>
  Math.max(...moments.map((at) => at?.getTime() ?? Number.NEGATIVE_INFINITY))

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
  if (saysNothing(text)) return undefined
  const at = momentOf(text)
  if (at) return at
  throw new Error(`${name} "${text.slice(0, 40)}" is no moment. Write it like 2026-04-14T08:00:00Z`)
}

function several(name: string, cells: string[]): string[] {
  const values = [...new Set(cells.map((value) => value.trim()))].filter(Boolean)
  if (values.length > MOST_WISHED) throw new Error(`${name} are more than ${MOST_WISHED}`)
  if (values.some((value) => value.length > LONGEST_KEYWORD || /\p{Cc}/u.test(value)))
    throw new Error(`${name} has one of more than ${LONGEST_KEYWORD} characters`)
  return values
}
