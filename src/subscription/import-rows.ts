import { canonicalZone } from '../calendar/zone-names.ts'
import { type CsvFile, openCsv } from '../lib/csv/open-csv.ts'
import { unescapeFormula } from '../lib/csv/spreadsheet.ts'
import type { TextFile } from '../lib/csv/text-file.ts'
import { addressHashText, parseAddress } from '../mail/address.ts'
import { isLocale } from '../messages/catalogue.ts'
import { canonicalSlug, slugOf } from '../papers/topics/keywords.ts'
import type { Newsletter } from '../runtime/config/newsletter.ts'
import { type CsvColumn, splitValues } from './csv-columns.ts'
import { type Mapping, type ReadColumn, readColumns } from './import-columns.ts'
import { isOptOut, readConsent, strictestStatus, UnknownValue } from './import-consent.ts'
import { isEmptyCell, parseTimestamp } from './import-timestamps.ts'
import type { Meaning, Status } from './known-columns.ts'
import {
  CADENCES,
  FORMATS,
  MAX_KEYWORD_LENGTH,
  MAX_NAME_LENGTH,
  MAX_PAPER_ID_LENGTH,
  MAX_SELECTIONS,
  SHARE_NAMES,
  tidy,
} from './preference-rules.ts'

/** One line of an import, validated except for checks that need the database. */
export interface Row {
  line: number
  email: string
  key: string
  /** of `key`, in hexadecimal */
  hash: string
  /** status in the file; undefined for a plain list of addresses */
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
  share: string
  authors: string[]
  organisations: string[]
  like_papers: string[]
  like_voted: boolean
  source_links: boolean
  abstracts: boolean
  paused_until: Date | undefined
  requested_at: Date | undefined
  confirmed_at: Date | undefined
  left_at: Date | undefined
  consent_form: string | undefined
  /** only its opt-out counts: the line is left out, and counted as bad */
  left_out: boolean
}

/** A line that is left out. It never makes a person active whom it opts out, or may opt out. */
export interface BadLine {
  problem: string
  /** the opt-out that it states, which counts whatever else it has */
  optOut?: Row
  /** addresses in it whose consent is pending or cannot be read */
  unsure?: string[]
}

export type Line = { row: Row } | BadLine | { unknown: UnknownValue; line: number }

export interface SubscriberFile extends Pick<CsvFile, 'separator' | 'encoding'> {
  columns: ReadColumn[]
  /** some lines at a time, because a step of a generator for each of a million costs seconds */
  batches: AsyncGenerator<Line[]>
  /** tags that match no topic, with their number of rows; grows while lines are read */
  unknownTags: Map<string, number>
}

/** A digest of more papers exceeds the length that email programs show. */
const MAX_PAPERS = 20
/** How many different unknown tags are counted. */
const MAX_TAGS = 1000

/**
 * Opens a subscriber file: our own export, another tool's, or any table with a column of addresses.
 *
 * @param options.mappings the operator's `--map` options
 * @param options.topics returns the slugs of known topics; called only when a column has topics or tags
 * @throws PaperboyError BAD_IMPORT when the file is missing or not CSV; Error with a message for the operator for
 *   unreadable columns
 */
export async function openSubscriberFile(
  file: TextFile,
  options: {
    suppressionKey: string
    mappings: readonly Mapping[]
    topics: () => Promise<ReadonlySet<string>>
    newsletter: Pick<Newsletter, 'languages' | 'defaults'>
  },
): Promise<SubscriberFile> {
  const { header, separator, encoding, batches } = await openCsv(file)
  const columns = readColumns(header, options.mappings)
  const unknownTags = new Map<string, number>()
  const hasTopics = columns.some(({ meaning }) => meaning === 'topics' || meaning === 'tags')
  const topics = hasTopics ? await options.topics() : new Set<string>()
  const { toRow, consentOf } = rowReader(columns, options, topics, unknownTags)
  async function* linesOf(): AsyncGenerator<Line[]> {
    for await (const rows of batches)
      yield rows.map((read) =>
        'problem' in read
          ? { problem: `line ${read.line}: ${read.problem}`, unsure: wordsWithAt(read.text) }
          : toLine(read.line, read.cells.map(unescapeFormula)),
      )
  }
  const toLine = (line: number, cells: string[]): Line => {
    try {
      return { row: toRow(line, cells) }
    } catch (error) {
      if (error instanceof UnknownValue) return { unknown: error, line }
      const problem = `line ${line}: ${(error as Error).message}`
      try {
        return { problem, ...consentOf(line, cells) }
      } catch (further) {
        return further instanceof UnknownValue ? { unknown: further, line } : { problem }
      }
    }
  }
  return { separator, encoding, columns, unknownTags, batches: linesOf() }
}

/** Returns a row with the defaults of a plain list of addresses. @throws AddressError */
export const rowOfAddress = (
  settings: { suppressionKey: string; newsletter: Pick<Newsletter, 'languages' | 'defaults'> },
  address: string,
): Row => rowReader(readColumns(['email'], []), settings, new Set(), new Map()).toRow(1, [address])

function rowReader(
  columns: readonly ReadColumn[],
  settings: Parameters<typeof rowOfAddress>[0],
  topics: ReadonlySet<string>,
  unknownTags: Map<string, number>,
): { toRow(line: number, cells: string[]): Row; consentOf(line: number, cells: string[]): Omit<BadLine, 'problem'> } {
  const {
    suppressionKey,
    newsletter: { languages, defaults },
  } = settings
  const places = Map.groupBy(columns.keys(), (index) => columns[index]!.meaning)
  // Only our own export has this column. Its readers follow these topics already, whether or not a paper here has them yet.
  const isOwnExport = columns.some(({ meaning, by }) => meaning === 'consent_form' && by !== '--map')
  const isTopic = (text: string) => topics.has(topicOf(text)) || (isOwnExport && text !== '' && slugOf(text) === text)
  const all = (cells: string[], meaning: Meaning) => places.get(meaning)?.map((index) => cells[index]!) ?? []
  const first = (cells: string[], column: CsvColumn): string => {
    for (const index of places.get(column) ?? []) if (cells[index] !== '') return cells[index]!
    return ''
  }
  const toRow = (line: number, cells: string[]): Row => {
    const cell = (column: CsvColumn) => first(cells, column)
    const { email, key } = parseAddress(cell('email'), { utf8: true })
    const zone = canonicalZone(cell('zone') || 'UTC')
    if (zone.includes('\0')) throw new Error('the time zone contains an invalid character')
    const locale = cell('locale') || languages[0]
    if (!isLocale(locale)) throw new Error(`locale "${locale}" is not supported`)
    const requested_at = moment('requested_at', cell('requested_at'))
    const confirmed_at = moment('confirmed_at', cell('confirmed_at'))
    const left_at = moment('left_at', cell('left_at'))
    const consent = readConsent(columns, cells)
    const hasLeft = left_at !== undefined && !isAfter([requested_at, confirmed_at], left_at)
    return {
      line,
      email,
      key,
      hash: addressHashText(suppressionKey, key),
      status: hasLeft ? strictestStatus([consent.status ?? 'active', 'unsubscribed']) : consent.status,
      zone,
      hour: whole('hour', cell('hour'), 0, 23) ?? defaults.hour,
      cadence: oneOf(CADENCES, 'cadence', cell('cadence')) ?? defaults.cadence,
      weekday: whole('weekday', cell('weekday'), 1, 7) ?? 1,
      size: whole('size', cell('size'), 1, MAX_PAPERS) ?? defaults.size,
      format: oneOf(FORMATS, 'format', cell('format')) ?? 'html',
      locale,
      topics: topicsIn(all(cells, 'topics'), all(cells, 'tags'), isTopic, unknownTags),
      keywords: several('keywords', splitValues(cell('keywords'))),
      share: oneOf(SHARE_NAMES, 'share', cell('share')) ?? 'some',
      authors: several('authors', splitValues(cell('authors')), MAX_NAME_LENGTH),
      organisations: several('organisations', splitValues(cell('organisations')), MAX_NAME_LENGTH),
      like_papers: several('like_papers', splitValues(cell('like_papers')), MAX_PAPER_ID_LENGTH),
      like_voted: oneOf(['true', 'false'] as const, 'like_voted', cell('like_voted')) === 'true',
      source_links: oneOf(['true', 'false'] as const, 'source_links', cell('source_links')) === 'true',
      abstracts: oneOf(['true', 'false'] as const, 'abstracts', cell('abstracts')) === 'true',
      paused_until: moment('paused_until', cell('paused_until')),
      requested_at,
      confirmed_at,
      left_at: left_at ?? consent.leftAt,
      consent_form: cell('consent_form').replaceAll('\0', '').slice(0, 200) || undefined,
      left_out: false,
    }
  }
  /** Reads the consent on a line whose other cells may be bad. @throws AddressError | UnknownValue */
  const consentOf = (line: number, cells: string[]): Omit<BadLine, 'problem'> => {
    const email = first(cells, 'email')
    const row = rowOfAddress(settings, email)
    const { status: said, leftAt } = readConsent(columns, cells)
    const time = (column: CsvColumn) => parseTimestamp(first(cells, column))
    const left_at = time('left_at')
    // A time that cannot be read is one all the same.
    const hasLeft =
      !isEmptyCell(first(cells, 'left_at')) &&
      !(left_at && isAfter([time('requested_at'), time('confirmed_at')], left_at))
    const status = hasLeft ? strictestStatus([said ?? 'active', 'unsubscribed']) : said
    return keptOf({ ...row, line, status, left_at: left_at ?? leftAt })
  }
  return { toRow, consentOf }
}

/** Returns what counts of a row that is left out. */
export function keptOf(row: Row): Omit<BadLine, 'problem'> {
  if (isOptOut(row.status)) return { optOut: { ...row, left_out: true } }
  return row.status === 'pending' ? { unsure: [row.email] } : {}
}

/** Returns what may be addresses in a line that has no readable cells. */
const wordsWithAt = (text: string): string[] => text.split(/[\s",;:<>|()]+/).filter((word) => word.includes('@'))

/**
 * Returns topic slugs from slugs or names. A text that is no topic is an error in our own column.
 * Tags of other tools are used where they match a topic; the others are counted.
 */
function topicsIn(
  own: string[],
  tags: string[],
  isTopic: (text: string) => boolean,
  unknownTags: Map<string, number>,
): string[] {
  if (own.length === 0 && tags.length === 0) return []
  const wished = several('topics', own.flatMap(splitValues))
  const unknown = wished.find((topic) => !isTopic(topic))
  if (unknown !== undefined)
    throw new Error(
      `topic "${unknown}" is not known here. Collect papers first, or skip unknown topics: --map "topics=tags"`,
    )
  const found = wished.map(topicOf)
  for (const tag of new Set(tags.flatMap(splitValues))) {
    if (isTopic(tag)) found.push(topicOf(tag))
    else if (unknownTags.size < MAX_TAGS || unknownTags.has(tag)) unknownTags.set(tag, (unknownTags.get(tag) ?? 0) + 1)
  }
  return [...new Set(found)].slice(0, MAX_SELECTIONS)
}

/** Returns the topic of a slug or name, also of an earlier one. */
const topicOf = (text: string): string => canonicalSlug(slugOf(text))

const isAfter = (moments: readonly (Date | undefined)[], end: Date): boolean =>
  moments.some((at) => at !== undefined && at > end)

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
  if (isEmptyCell(text)) return undefined
  const at = parseTimestamp(text)
  if (at) return at
  throw new Error(`${name} "${text.slice(0, 40)}" is not a timestamp. Write it like 2026-04-14T08:00:00Z`)
}

function several(name: string, cells: string[], longest = MAX_KEYWORD_LENGTH): string[] {
  if (cells.length === 0) return []
  const values = [...new Set(cells.map(tidy))].filter(Boolean)
  if (values.length > MAX_SELECTIONS) throw new Error(`${name} has more than ${MAX_SELECTIONS}`)
  if (values.some((value) => value.length > longest || /\p{Cc}/u.test(value)))
    throw new Error(`${name} has a value over ${longest} characters`)
  return values
}
