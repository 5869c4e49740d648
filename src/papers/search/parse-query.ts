import { safeText } from '../../lib/postgres-safe.ts'
import { foldedWords, isSpaced, withoutSpacedHyphens, wordsOf } from './words.ts'

/** What a person searched for. */
export interface ParsedQuery {
  /** for websearch_to_tsquery: every word, phrase and exclusion */
  whole: string
  /** the same with only the phrases and exclusions, which are never relaxed */
  strict: string
  /** words outside phrases and exclusions, without accents and stop words */
  loose: string[]
  /** every word to mark in results, without accents */
  marked: string[]
  hasPhrase: boolean
}

const LONGEST_QUERY = 300
/** A phrase or word, with a minus before it or not; an arrow is none. A quote that is never closed is no phrase. */
const PART = /(?<minus>(?<=^|\s)-(?!>))?(?:"(?<phrase>[^"]*)"|(?<word>[^\s"]+))/gu
/** Typographic quotes, as phones write them. */
const QUOTES = /[“”„«»]/g
const NOT_ASCII = /[^\0-\x7f]/gu
/** The database also folds other characters to these, such as those as wide as ideographs. */
const SYNTAX = /[-!&|()<>" ]/
/**
 * Signs that websearch_to_tsquery reads as operators: it would exclude "text" in "image - text", "(-text)" and "<-text", and it fails
 * when too many minuses follow each other. Accents are not letters, and the database removes them.
 */
const OPERATORS = /^(?:-|[\u0300-\u036f])+|(?:-|[\u0300-\u036f])*[!&|()<](?:[-!&|()<]|[\u0300-\u036f])*/g

/** Returns text that PostgreSQL accepts, in plain quotes. Of a long one the first words: no paper has a part of a word. */
export function cleanQuery(text: string): string {
  const plain = safeText(text).replace(NOT_ASCII, (sign) => {
    const folded = sign.normalize('NFKD')
    return SYNTAX.test(folded) ? folded : sign
  })
  const clean = plain.normalize('NFC').replace(QUOTES, '"').trim()
  if (clean.length <= LONGEST_QUERY) return clean
  return clean
    .slice(0, LONGEST_QUERY + 1)
    .replace(/\s\S*$/, '')
    .slice(0, LONGEST_QUERY)
}

/** Splits a query into what must be there and what may be missing. No text makes it fail. */
export function parseQuery(q: string): ParsedQuery {
  const parsed: ParsedQuery = { whole: '', strict: '', loose: [], marked: [], hasPhrase: false }
  for (const { groups } of q.matchAll(PART)) {
    const { phrase, word, ...found } = groups as Record<string, string | undefined>
    const text = phrase ?? word!.replace(OPERATORS, ' ').trim()
    const minus = text === '' ? '' : (found.minus ?? '')
    // Of several words a minus would exclude only the first.
    const quoted = phrase !== undefined || (minus !== '' && (isSpaced(text) || text.includes(' ')))
    const written = `${minus}${quoted ? `"${text}"` : withoutSpacedHyphens(text)} `
    parsed.whole += written
    if (minus === '') parsed.marked.push(...foldedWords(text).filter(counts))
    if (minus === '' && phrase === undefined) parsed.loose.push(...foldedWords(text).filter(counts))
    else parsed.strict += written
    if (minus === '' && phrase !== undefined && foldedWords(text).length > 0) parsed.hasPhrase = true
  }
  return parsed
}

/** Whether a word is no stop word. */
const counts = (word: string): boolean => wordsOf(word).length > 0
