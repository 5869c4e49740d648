import { runCommand } from './commands.ts'
import type { Cursor } from './cursor.ts'
import { readLink } from './links.ts'
import * as names from './symbols.ts'

const WORD = /[A-Za-z]+/y
const ABOUT = /sim(?: ?\d+(?:\.\d+)?times|\d+(?:\.\d+)?(?:\\?%|[KMB]?(?![\w-])))/y
const ENDS_IN_DIGIT = /[\d²³¹⁰⁴-⁹]$/

/** Reads a word, or a command that lost its backslash. */
export function readWord(cursor: Cursor): string {
  const word = cursor.look(WORD)!
  const link = /^(?:https?|www|github)$/i.test(word) ? readLink(cursor) : undefined
  if (link !== undefined) return link
  if (cursor.math) return /^[a-z]times$/i.test(word) ? readProduct(cursor, word) : cursor.over(word)
  return readRemnant(cursor, word) ?? cursor.over(word)
}

/** "R^{mtimes n}" is m × n. */
function readProduct(cursor: Cursor, word: string): string {
  cursor.over(cursor.look(/[a-z]times */iy)!)
  return `${word.charAt(0)}×`
}

function readRemnant(cursor: Cursor, word: string): string | undefined {
  const next = cursor.text.charAt(cursor.at + word.length)
  if (names.BARE_COMMANDS.has(word)) {
    if (cursor.closingOf(cursor.at + word.length) !== undefined) return runCommand(cursor, cursor.over(word), word)
    return word === 'boldsymbol' && /\p{Script=Greek}/u.test(next) ? cursor.over(word, '') : undefined
  }
  if (ENDS_IN_DIGIT.test(cursor.last)) return readOperator(cursor, word, next)
  if (/[\p{L}\p{N}]$/u.test(cursor.last)) return undefined
  if (names.BARE.has(word)) return cursor.over(word, names.OPERATORS.get(word))
  if (word === 'sim' && cursor.look(ABOUT)) return cursor.over(cursor.look(/sim ?/y)!, '∼')
  if (word === 'approx' && /\d/.test(next)) return cursor.over(word, '≈')
  const isRaised = cursor.look(/[A-Za-z]+(?:\^|_[{\d])/y) !== undefined
  return isRaised && names.GREEK.has(word) ? cursor.over(word, names.GREEK.get(word)) : undefined
}

/** After a digit, a name is an operator: "256times256", "17times sample", "8timesH100", "1.04sim2.2", "0.73rightarrow0.90". */
function readOperator(cursor: Cursor, word: string, next: string): string | undefined {
  if (/^times(?![a-z])|^timessim$/.test(word)) return cursor.over('times', '×')
  const isOperator = names.BARE.has(word) || (word === 'sim' && /\d/.test(next))
  return isOperator ? cursor.over(word, names.OPERATORS.get(word)) : undefined
}
