/**
 * Limits of one import, checked before parsing.
 * A limit in bytes does not bound memory: 350 KB of gzip can hold 13 million records, which take 4 GB once parsed.
 * Real lists stay far below: a month of Hugging Face has 1,000 records and 10 MB, and the longest author list has 5,154 names.
 */
export const LIMITS = {
  megabytes: 100,
  records: 100_000,
  /** snapshots of votes in a CSV */
  signals: 500_000,
  /** characters per line, when each line is a record */
  line: 2_000_000,
  /** objects, arrays and members in a JSON document */
  values: 5_000_000,
  elements: 1_000_000,
  depth: 100,
  attributes: 50,
  /** characters between < and > */
  tag: 20_000,
  authors: 6_000,
  author: 300,
  keywords: 200,
  keyword: 200,
  organization: 300,
  /** characters of a record's JSON, which is stored with the paper */
  raw: 2_000_000,
} as const

/** Input exceeds a limit. The message follows the input's name: "has more than 100,000 records". */
export class LimitError extends Error {
  override readonly name = 'LimitError'
}

const formatted = (count: number): string => count.toLocaleString('en')

const over = (what: string, text: string, at: number): LimitError => {
  const before = text.slice(0, at)
  const line = before.split('\n').length
  return new LimitError(`${what}, at line ${formatted(line)}, column ${formatted(at - before.lastIndexOf('\n'))}`)
}

const [QUOTE, BACKSLASH, COMMA, NEWLINE] = [34, 92, 44, 10]
const OPENS = new Set([91, 123])
const CLOSES = new Set([93, 125])

/**
 * Checks a JSON document's size before it is parsed.
 * @throws LimitError naming the limit and the place
 */
export function checkJsonSize(text: string): void {
  let [depth, values, records, quoted] = [0, 0, 0, false]
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (quoted) {
      if (code === BACKSLASH) at++
      else if (code === QUOTE) quoted = false
    } else if (code === QUOTE) quoted = true
    else if (CLOSES.has(code)) depth--
    else if (OPENS.has(code) || code === COMMA) {
      values++
      if (depth === 1 && OPENS.has(code)) records++
      if (OPENS.has(code)) depth++
      if (records > LIMITS.records) throw over(`has more than ${formatted(LIMITS.records)} records`, text, at)
      if (values > LIMITS.values) throw over(`has more than ${formatted(LIMITS.values)} values`, text, at)
    }
  }
}

/**
 * Checks the number of records in a file with one record per line. A long line fails only its own record.
 * @throws LimitError naming the limit and the place
 */
export function checkLineCount(text: string, most: number = LIMITS.records): void {
  let records = 0
  for (let start = 0; start < text.length; ) {
    const end = text.indexOf('\n', start)
    const next = end < 0 ? text.length : end
    if (next > start && text.charCodeAt(start) !== NEWLINE) records++
    if (records > most) throw over(`has more than ${formatted(most)} records`, text, start)
    start = next + 1
  }
}

/** Describes why a line is too long. Returns undefined when it is not. */
export const lineTooLong = (line: string): string | undefined =>
  line.length > LIMITS.line
    ? `has ${formatted(line.length)} characters in one line; a record may have ${formatted(LIMITS.line)}`
    : undefined

/**
 * Checks an XML document's size before it is parsed. The parser takes quadratic time for many attributes.
 * @throws LimitError naming the limit and the place
 */
export function checkXmlSize(text: string): void {
  let [depth, elements] = [0, 0]
  for (let at = text.indexOf('<'); at >= 0; at = text.indexOf('<', at)) {
    const skipped = SKIPPED.find(([start]) => text.startsWith(start, at))
    const end = skipped ? text.indexOf(skipped[1], at) : text.indexOf('>', at)
    if (end < 0) return
    if (!skipped) {
      if (end - at > LIMITS.tag) throw over(`has a tag of more than ${formatted(LIMITS.tag)} characters`, text, at)
      const tag = text.slice(at, end)
      if ((tag.match(ATTRIBUTE) ?? []).length > LIMITS.attributes)
        throw over(`has an element with more than ${LIMITS.attributes} attributes`, text, at)
      if (tag.startsWith('</')) depth--
      else if (++elements > LIMITS.elements)
        throw over(`has more than ${formatted(LIMITS.elements)} elements`, text, at)
      else if (!tag.endsWith('/') && !tag.startsWith('<?') && ++depth > LIMITS.depth)
        throw over(`has elements nested more than ${LIMITS.depth} deep`, text, at)
    }
    at = end + 1
  }
}

const SKIPPED = [
  ['<!--', '-->'],
  ['<![CDATA[', ']]>'],
] as const
const ATTRIBUTE = /\s[^\s=]+\s*=/g

interface Counted {
  authors: readonly string[]
  keywords: readonly string[]
  organization?: string | undefined
  raw: string
}

/** Describes the first limit that a record exceeds: "has 7,000 authors; a record may have 6,000". Returns undefined otherwise. */
export function findExceededLimit({ authors, keywords, organization = '', raw }: Counted): string | undefined {
  const most = (what: string, count: number, limit: number) =>
    count > limit ? `has ${what.replace('#', formatted(count))}; a record may have ${formatted(limit)}` : undefined
  const longest = (items: readonly string[]) => Math.max(0, ...items.map((item) => item.length))
  return (
    most('# authors', authors.length, LIMITS.authors) ??
    most('# keywords', keywords.length, LIMITS.keywords) ??
    most('an author of # characters', longest(authors), LIMITS.author) ??
    most('a keyword of # characters', longest(keywords), LIMITS.keyword) ??
    most('an organisation of # characters', organization.length, LIMITS.organization) ??
    most('# characters in all', raw.length, LIMITS.raw)
  )
}
