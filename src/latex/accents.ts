import type { Cursor } from './cursor.ts'
import { ACCENTS } from './symbols.ts'

const BASE = /\\[ij](?![A-Za-z]) ?|\{\\?\p{L}\}|\p{L}/uy

/** Letter and mark as one character, or undefined where Unicode has none. */
function composed(base: string, mark: string): string | undefined {
  const one = (base.replace(/[{}\\ ]/g, '').replace('ı', 'i') + mark).normalize('NFC')
  return one.length === 1 ? one : undefined
}

/** An accent of text, the cursor at its mark: \'e \"{o} \'{\i}. Undefined, and nothing read, where it is none. */
export function readAccent(cursor: Cursor, accent: string): string | undefined {
  cursor.at++
  const base = cursor.look(BASE)
  const one = base && composed(base, ACCENTS.get(accent)!)
  if (base && one && !isPossessive(cursor, accent, base)) return cursor.over(base, one)
  cursor.at--
  return undefined
}

/** "GPT-4o\'s": an apostrophe that was escaped for nothing, though ś exists. */
const isPossessive = (cursor: Cursor, accent: string, base: string): boolean =>
  accent === "'" && base === 's' && /\p{L}/u.test(cursor.last) && !/^\p{L}/u.test(cursor.char(1))

/** An accent over a formula's letter: \hat{x} → x̂, \tilde{O} → Õ; over more than a letter it is left out. */
export const accented = (content: string, accent: string): string =>
  /^\p{L}$/u.test(content.trim()) ? (content.trim() + ACCENTS.get(accent)!).normalize('NFC') : content
