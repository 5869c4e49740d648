import { isolated } from '../../lib/isolated.ts'
import { type Messages, messagesIn } from '../../messages/catalogue.ts'
import { readable } from '../../papers/readable.ts'

/** Short names of papers for subject lines. */

const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' })

/** Counts characters as a reader does: an emoji with its joiners is one, and the marks of an isolate are none. */
const countCharacters = (text: string): number => [...graphemes.segment(text.replace(/[\u2068\u2069]/g, ''))].length

/** What ends a name in a title: not the colon of "2:4 sparsity" or "std::sort". */
const NAME_END = /(?<![:\d]):(?!:)|(?<!:):(?![:\d])|：| [–—-] /g

/** Returns the name before a title's colon, else the title. A name never ends inside quotes or brackets. */
function nameIn(title: string): string {
  const ends = [...title.matchAll(NAME_END)].map(({ index }) => title.slice(0, index).trim())
  return ends.find((name) => isClosed(name)) ?? title
}

const isClosed = (text: string): boolean => count(text, /"/g) % 2 === 0 && count(text, /[“(]/g) === count(text, /[”)]/g)

const count = (text: string, marks: RegExp): number => text.match(marks)?.length ?? 0

/** Shortens a title to the name before its colon, else to its first words. @param max characters */
export function shortenTitle(title: string, max: number): string {
  const head = nameIn(title)
  const text = countCharacters(head) >= 3 ? head : title
  const characters = [...graphemes.segment(text.slice(0, max * 16))].map(({ segment }) => segment)
  if (characters.length <= max && text.length <= max * 16) return text
  const room = characters.slice(0, max - 1)
  const space = room.lastIndexOf(' ')
  const cut = space >= max / 2 ? room.slice(0, space) : room
  return `${cut.join('').replace(/[\s,;(–—-]+$/, '')}…`
}

/** Fits most names before a title's colon, and two of them in a subject. */
const MAX_NAME_CHARACTERS = 44

/** Returns a paper's name in a subject. @param title as in the source */
export const nameInSubject = (title: string): string => shortenTitle(readable(title), MAX_NAME_CHARACTERS)

/** Characters before the date in a subject. Phones show about this much. */
const MAX_CHARACTERS = 60

/**
 * Summarizes a digest: "TinySAM, sparse fine-tuning and 8 more". Two names where they fit in 60 characters, else one.
 *
 * @param names the first papers, as `nameInSubject` returns them
 * @param count all papers in the digest
 */
export function summarizeNames(names: readonly string[], count: number, t: Messages = messagesIn('en')): string {
  const summaryOf = (named: readonly string[]) =>
    [named.map(isolated).join(', '), ...(count > named.length ? [t.digest.andMore(count - named.length)] : [])].join(
      ' ',
    )
  const two = summaryOf(names.slice(0, 2))
  return countCharacters(two) <= MAX_CHARACTERS ? two : summaryOf(names.slice(0, 1))
}

/** The subject names two papers, the preheader the next ones. */
export const NAMED = 5

/** Returns the preheader of a digest. @param names the first papers, as `nameInSubject` returns them */
export const preheaderOf = (names: readonly string[]): string => names.slice(2, NAMED).map(isolated).join(' · ')
