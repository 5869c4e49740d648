import { checkLineCount, lineTooLong } from '../limits.ts'
import type { BadEntry, ListedPaper } from '../listed-paper.ts'
import { isArxivDocument, parseArxivDocument, parseOaiDc } from './arxiv-documents.ts'
import { parseArxivFeed } from './arxiv-feeds.ts'
import { isArxivText, parseArxivText } from './arxiv-text.ts'
import { isHfEntry, parseHfEntry } from './hf-entry.ts'
import { parseJson } from './parse-json.ts'
import { parsePlainEntry } from './plain-entry.ts'
import { badFile } from './read-text-file.ts'

type Parsed = (ListedPaper | BadEntry)[]

/**
 * Parses the papers of a file and detects its format from its beginning.
 * Formats: JSON (an array, one record, or a record per line), arXiv's feeds and OAI-PMH records in XML, arXiv's plain text.
 * The result includes invalid entries with their position, starting at 1.
 *
 * @param path names the file in errors
 * @param day list day of every paper
 * @throws PaperboyError BAD_IMPORT when the file has none of these formats; LimitError
 */
export function parsePapers(text: string, path: string, day?: string): Parsed {
  const start = text.trimStart()[0]
  if (start === '<') {
    const feed = parseArxivFeed(text, day)
    const parsed = feed ? [...feed.papers, ...feed.bad] : parseOaiDc(text, day)
    if (!parsed) throw badFile(path, 'is XML, but not a whole arXiv feed or whole arXiv records')
    return parsed
  }
  if (isArxivText(text)) return parseArxivText(text, day)
  if (start === '{' && isJsonLines(text)) return parseLines(text, day)
  if (start !== '{' && start !== '[')
    throw badFile(
      path,
      'is none of: JSON, JSON Lines, arXiv’s feeds and texts, a CSV of votes with the columns arxiv_id and upvotes',
    )
  const value = parseJson(text, path)
  if (Array.isArray(value)) return value.map((entry, index) => parseEntry(entry, index + 1, day))
  // A recorded HTTP reply.
  if (isRecord(value) && typeof value.url === 'string' && typeof value.body === 'string')
    return parsePapers(value.body, path, day)
  if (isRecord(value)) {
    const parsed = parseEntry(value, 1, day)
    if (!('reason' in parsed)) return [parsed]
  }
  throw badFile(path, 'is JSON, but not a list of papers')
}

function parseEntry(entry: unknown, position: number, day: string | undefined): ListedPaper | BadEntry {
  if (isHfEntry(entry)) return parseHfEntry(entry, position, day)
  if (isArxivDocument(entry)) return parseArxivDocument(entry, position, day)
  return parsePlainEntry(entry, position, day)
}

/** Parses JSON Lines (jsonlines.org). An invalid line fails only its own record. */
function parseLines(text: string, day: string | undefined): Parsed {
  checkLineCount(text)
  return text
    .split('\n')
    .map((line, index) => ({ line: line.trim(), position: index + 1 }))
    .filter(({ line }) => line !== '')
    .map(({ line, position }) => parseLine(line, position, day))
}

function parseLine(line: string, position: number, day: string | undefined): ListedPaper | BadEntry {
  const reason = lineTooLong(line)
  if (reason) return { position, reason }
  try {
    return parseEntry(JSON.parse(line), position, day)
  } catch {
    return { position, reason: 'is not valid JSON' }
  }
}

function isJsonLines(text: string): boolean {
  const [first = '', second] = text.split('\n', 400).filter((line) => line.trim() !== '')
  if (second === undefined) return false
  try {
    JSON.parse(first)
    return true
  } catch {
    return second.trimStart().startsWith('{"')
  }
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
