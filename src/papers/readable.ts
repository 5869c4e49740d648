import { LRUCache } from 'lru-cache'
import { latexToText } from '../latex/to-text.ts'
import { isolated } from '../lib/isolated.ts'
import { type Messages, messagesIn } from '../messages/catalogue.ts'
import { hasMarkup, withoutMarkup } from './markup.ts'

/** Controls, zero-width characters and noncharacters. Some would reverse the direction of the text after them. */
const UNSHOWN = /[\p{Cc}\u061c\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff\p{Noncharacter_Code_Point}]/gu

/** White space other than a single space. */
const ODD_SPACE = /\s{2,}|[^\S ]/g

/**
 * Match texts that may contain LaTeX: by its marks, by commands without their backslashes (latex/words.ts), and by links glued to a
 * word. One expression of all three takes twice as long.
 * Seven of eight abstracts and 99 of 100 titles have none and are not parsed.
 * They match more than needed, because parsing leaves other text unchanged.
 */
const MARKED = [
  /[\\{$^_~`]/,
  /--|[.!?] %|[\d²³¹⁰⁴-⁹]times|sim ?\d|approx\d|[lg]eq|neq|infty|cdot|ldots|arrow|propto|boldsymbol/i,
  /[\dA-Z\u0080-\uffff](?:https?:\/\/|www\.|github\.com\/)/i,
]

/**
 * Returns a title, abstract or name as readable text.
 * LaTeX becomes Unicode or plain words ("IA-RED$^2$" → "IA-RED²", "60\%" → "60%"), and lines are joined.
 * Commands without their backslashes are recognised ("256times256" → "256×256"). Unknown notation stays unchanged.
 * The result is plain text: callers must escape HTML in it.
 */
export function readable(text: string): string {
  if (text.length < LONG) return read(text)
  const known = lately.get(text)
  if (known !== undefined) return known
  const made = read(text)
  lately.set(text, made)
  return made
}

/** Only long texts are cached: an abstract takes 0.1 ms, and pages show the same ones repeatedly. */
const LONG = 300
const lately = new LRUCache<string, string>({ max: 1000 })

function read(text: string): string {
  const joined = text.toWellFormed().replace(ODD_SPACE, ' ')
  const plain = joined.replace(UNSHOWN, '')
  const latexless = MARKED.some((marks) => marks.test(plain)) ? latexToText(plain) : plain
  const shown = hasMarkup(latexless) ? withoutMarkup(latexless) : latexless
  return (shown === joined ? shown : shown.replace(ODD_SPACE, ' ')).trim()
}

/** Abbreviations whose full stop does not end a sentence. */
const ABBREVIATION = /(?:^|[\s(])(?:e\.g|i\.e|vs|al|cf|etc|resp|Fig|Figs|Eq|Sec|Dr|No|approx|w\.r\.t|[A-Z])\.$/

/** A cut at a sentence's end must fill this share of the room. Otherwise the cut is between words. */
const LEAST_SHARE = 0.4

/** Returns where the sentences of a readable text end, except the last one's end. */
export const sentenceEnds = (text: string): number[] =>
  [...text.matchAll(/[.!?]["'”’)\]]*(?= [\p{Lu}\p{N}"'“‘(])|[。！？]/gu)]
    .map((end) => end.index + end[0].length)
    .filter((end) => end < text.length && !ABBREVIATION.test(text.slice(Math.max(0, end - 12), end)))

/**
 * Returns the beginning of a readable text, at most `maxChars` characters of whole sentences.
 * A first sentence that is too long is cut between words and ends with "…".
 */
export function sentences(text: string, maxChars: number): string {
  if (text.length <= maxChars) return text
  const room = text.slice(0, maxChars + 2)
  const ends = sentenceEnds(room).filter((end) => end <= maxChars)
  const end = ends.at(-1)
  if (end !== undefined && end >= maxChars * LEAST_SHARE) return text.slice(0, end)
  const space = room.slice(0, maxChars).lastIndexOf(' ')
  // A word that fills the room is cut, but never inside a surrogate pair.
  const cut = space > maxChars / 2 ? room.slice(0, space) : room.slice(0, maxChars - 1).replace(/[\ud800-\udbff]$/, '')
  return `${cut.replace(/[\s,;:.(–—-]+$/, '')}…`
}

/**
 * Returns authors in one line: "A, B, C and 3,300 others". It never hides only one author.
 * @param names as in the source
 */
export function authorLine(names: readonly string[], t: Messages = messagesIn('en'), keep = 3): string {
  const shown = (names.length <= keep + 1 ? names : names.slice(0, keep)).map((name) => isolated(readable(name)))
  const others = names.length - shown.length
  if (others > 0) return t.digest.others(shown.join(', '), others)
  return shown.length > 1 ? t.digest.and(shown.slice(0, -1).join(', '), shown.at(-1)!) : (shown[0] ?? '')
}
