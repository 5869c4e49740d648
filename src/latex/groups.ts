import type { Cursor } from './cursor.ts'
import { GREEK, OPERATORS } from './symbols.ts'

/** Reads {…} without a command. It is only a group, unless its backslashes were lost: \{a, b\}, {\times}. A lone brace stays. */
export function readGroup(cursor: Cursor): string {
  const closing = cursor.closingOf()
  if (closing === undefined) return cursor.over('{')
  const raw = cursor.text.slice(cursor.at + 1, closing)
  const endsWord = !/^\p{L}/u.test(cursor.text.charAt(closing + 1))
  const symbol = cursor.math || !endsWord ? undefined : lostSymbol(raw)
  if (symbol !== undefined) return cursor.over(`{${raw}}`, symbol)
  const isSet = !cursor.math && /^[^\s,{}]+(?:, ?[^\s,{}]+)+$/.test(raw)
  const content = cursor.group()!
  return isSet ? `{${content}}` : content
}

const LOST = new Set(['times', 'sim', 'circ', 'approx', 'pm', 'deg'])

const lostSymbol = (name: string): string | undefined =>
  GREEK.get(name) ?? (LOST.has(name) ? OPERATORS.get(name) : undefined)

/** Reads $…$ as maths. A dollar sign of an amount stays. */
export function readDollar(cursor: Cursor): string {
  const mark = cursor.char(1) === '$' ? '$$' : '$'
  const from = cursor.at + mark.length
  const to = closingDollar(cursor, from)
  if (to === undefined || !isMath(cursor.text.slice(from, to), cursor.text.charAt(to + 1))) return cursor.over('$')
  const made = cursor.read(from, to, true)
  cursor.over(cursor.look(mark === '$$' ? /\$\$?/y : /\$/y) ?? '')
  return made
}

/** Finds the next unescaped dollar outside groups, with balanced braces before it. \text{if $x$} has dollars of its own. */
function closingDollar(cursor: Cursor, from: number): number | undefined {
  for (let i = from; i < cursor.end; i++) {
    const char = cursor.text[i]
    if (char === '$') return i
    if (char === '}') return undefined
    if (char === '\\') i++
    else if (char === '{') {
      const closing = cursor.closingOf(i)
      if (closing === undefined) return undefined
      i = closing
    }
  }
  return undefined
}

/**
 * Pandoc's rule: no space inside the dollars and no digit after them. "5 for it, or US" between two dollars is an amount.
 * A number and one word, as in $10 GeV$, is none.
 */
function isMath(content: string, next: string): boolean {
  if (content.trim() === '') return false
  // "K2$-$28": a single sign is never an amount.
  if (/^[-+=<>]$/.test(content)) return true
  if (/\\[A-Za-z]|[\^_]/.test(content) && !/^\d/.test(content)) return true
  if (/\d/.test(next)) return false
  const isAmount = /^[\d.,]+/.test(content) && !/[\\^_{}=<>]/.test(content) && /[A-Za-z]{2,}/.test(content)
  const isQuantity = /^[\d.,]+[ ~]?[A-Za-z]+$/.test(content)
  return (isQuantity || !isAmount) && /^\S/.test(content) && /\S$/.test(content)
}
