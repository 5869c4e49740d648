import type { Cursor } from './cursor.ts'
import { ACCENTS } from './symbols.ts'

const BASE = /\\[ij](?![A-Za-z]) ?|\{\\?\p{L}\}|\p{L}/uy
/** A letter with an accent of its own: "Nguy\~{\^e}n". */
const ACCENTED = /\{\\[\^"'`~=.](?:\p{L}|\{\p{L}\})\}/uy
/** The space ends the accent's name: "Dvo\v r\'ak". Not behind \b and \d, which are rare as accents and common in patterns. */
const BEHIND_SPACE = / \p{L}/uy

/** Composes letter and mark into one character. Returns undefined when Unicode has none. */
function composed(base: string, mark: string): string | undefined {
  const letter = /\p{L}/u.exec(base)![0].replace('ı', 'i')
  const inner = ACCENTS.get(/[\^"'`~=.]/.exec(base)?.[0] ?? '') ?? ''
  const one = (letter + inner + mark).normalize('NFC')
  return one.length === 1 ? one : undefined
}

/** Reads a text accent at the cursor: \'e \"{o} \'{\i}. Returns undefined and reads nothing when it is not one. */
export function readAccent(cursor: Cursor, accent: string): string | undefined {
  cursor.at++
  const base =
    cursor.look(BASE) ?? cursor.look(ACCENTED) ?? (/[Huvckr]/.test(accent) ? cursor.look(BEHIND_SPACE) : undefined)
  const one = base && composed(base, ACCENTS.get(accent)!)
  if (base && one && !isPossessive(cursor, accent, base)) return cursor.over(base, one)
  cursor.at--
  return undefined
}

/** "GPT-4o\'s": a needlessly escaped apostrophe, although ś exists. */
const isPossessive = (cursor: Cursor, accent: string, base: string): boolean =>
  accent === "'" && base === 's' && /\p{L}/u.test(cursor.last) && !/^\p{L}/u.test(cursor.char(1))

/** Applies an accent in a formula: \hat{x} → x̂, \tilde{O} → Õ. Over more than one letter it is dropped. */
export const accented = (content: string, accent: string): string =>
  /^\p{L}$/u.test(content.trim()) ? (content.trim() + ACCENTS.get(accent)!).normalize('NFC') : content
