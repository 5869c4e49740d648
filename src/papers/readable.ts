import { LRUCache } from 'lru-cache'
import { latexToText } from '../latex/to-text.ts'
import { en, type Messages } from '../messages/en.ts'

/** Controls and noncharacters, among them those that turn the direction of what follows on the page, and characters without width. */
const UNSHOWN = /[\p{Cc}\u061c\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff\p{Noncharacter_Code_Point}]/gu

/** A run of white space that is not one space already. */
const ODD_SPACE = /\s{2,}|[^\S ]/g

/**
 * Whether LaTeX could have anything to say: its marks, and what is left of commands whose backslashes were lost (latex/words.ts), and
 * a link that sticks to the word before it. Seven of eight abstracts, and 99 of 100 titles, have nothing of it and need no
 * reading. Taken wider than needed, since what is read in vain stays as it is.
 */
const MARKED =
  /[\\{$^_~`]|--|[.!?] %|[\d²³¹⁰⁴-⁹]times|sim ?\d|approx\d|[lg]eq|neq|infty|cdot|ldots|arrow|propto|boldsymbol|[\dA-Z\u0080-\uffff](?:https?:\/\/|www\.|github\.com\/)/i

/**
 * A title, abstract or name as a reader would write it: LaTeX becomes Unicode or plain words ("IA-RED$^2$" → "IA-RED²",
 * "60\%" → "60%"), also where a source has lost the backslashes ("256times256" → "256×256"); hard wraps are joined.
 * What cannot be understood stays as it is. The result is text: HTML in it is not touched, and whoever shows it escapes it.
 */
export function readable(text: string): string {
  if (text.length < LONG) return read(text)
  const known = lately.get(text)
  if (known !== undefined) return known
  const made = read(text)
  lately.set(text, made)
  return made
}

/** Abstracts take a tenth of a millisecond each, and pages and searches show the same ones over and over. */
const LONG = 300
const lately = new LRUCache<string, string>({ max: 1000 })

function read(text: string): string {
  const plain = text.toWellFormed().replace(ODD_SPACE, ' ').replace(UNSHOWN, '')
  const shown = MARKED.test(plain) ? latexToText(plain) : plain
  return shown.replace(ODD_SPACE, ' ').trim()
}

/** Abbreviations whose full stop ends no sentence. */
const ABBREVIATION = /(?:^|[\s(])(?:e\.g|i\.e|vs|al|cf|etc|resp|Fig|Figs|Eq|Sec|Dr|No|approx|w\.r\.t|[A-Z])\.$/

/** A cut at a sentence's end may leave this share of the room empty; more, and a cut word says more. */
const LEAST_SHARE = 0.4

/**
 * The beginning of a readable text in at most `maxChars` characters: whole sentences, or where the first is too long, whole words
 * and "…".
 */
export function sentences(text: string, maxChars: number): string {
  if (text.length <= maxChars) return text
  const room = text.slice(0, maxChars + 2)
  const ends = [...room.matchAll(/[.!?]["'”’)\]]*(?= [\p{Lu}\p{N}"'“‘(])/gu)]
    .map((end) => end.index + end[0].length)
    .filter((end) => end <= maxChars && !ABBREVIATION.test(room.slice(Math.max(0, end - 12), end)))
  const end = ends.at(-1)
  if (end !== undefined && end >= maxChars * LEAST_SHARE) return text.slice(0, end)
  const space = room.slice(0, maxChars).lastIndexOf(' ')
  // A word that fills the room is cut between characters, never inside one.
  const cut = space > maxChars / 2 ? room.slice(0, space) : room.slice(0, maxChars - 1).replace(/[\ud800-\udbff]$/, '')
  return `${cut.replace(/[\s,;:.(–—-]+$/, '')}…`
}

/**
 * Authors in one line: "A, B, C and 3,300 others". All are named where the line would otherwise hide only one.
 * @param names as the source gave them
 */
export function authorLine(names: readonly string[], t: Messages = en, keep = 3): string {
  const shown = (names.length <= keep + 1 ? names : names.slice(0, keep)).map(readable)
  const others = names.length - shown.length
  if (others > 0) return t.digest.others(shown.join(', '), others)
  return shown.length > 1 ? t.digest.and(shown.slice(0, -1).join(', '), shown.at(-1)!) : (shown[0] ?? '')
}
