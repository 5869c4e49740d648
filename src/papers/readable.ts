import { en, type Messages } from '../messages/en.ts'
import { latexToText } from './latex/to-text.ts'

/** Controls, among them those that turn the direction of what follows on the page, and characters without width. */
const UNSHOWN = /[\p{Cc}\u061c\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]/gu

/**
 * A title, abstract or name as a reader would write it: LaTeX becomes Unicode or plain words ("IA-RED$^2$" → "IA-RED²",
 * "60\%" → "60%"), also where a source has lost the backslashes ("256times256" → "256×256"); hard wraps are joined.
 * What cannot be understood stays as it is. The result is text: HTML in it is not touched, and whoever shows it escapes it.
 */
export function readable(text: string): string {
  const plain = text.toWellFormed().replace(/\s+/g, ' ').replace(UNSHOWN, '')
  return latexToText(plain).replace(/\s+/g, ' ').trim()
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
