import type { Cursor } from './cursor.ts'

/** Marks with a special meaning in LaTeX: ~ -- `` '' % */

/** A tie is a space. Before a number or after one small letter ("z~6") it means "about"; between numbers it is a range. */
export function readTilde(cursor: Cursor): string {
  const next = cursor.char(1)
  const about = /^$|[\s([<>=≈/|"“]/.test(cursor.last)
  const variable = /^[^\p{L}\p{N}\\]?[b-z]$/u.test(cursor.tail) && /\d/.test(next)
  const range = /[\d%]/.test(cursor.last) && /\d/.test(next)
  return cursor.over('~', !cursor.math && (about || variable || range) ? '~' : ' ')
}

/** -- and --- are dashes, but not in "--option", "<!--" and "-->". */
export function readHyphens(cursor: Cursor): string {
  const run = cursor.over(cursor.look(/-+/y)!)
  const isOption = /^$|\s/.test(cursor.last) && /[a-z]/i.test(cursor.char())
  if (cursor.math || isOption || cursor.last === '!' || cursor.char() === '>') return run
  return run === '--' ? '–' : run === '---' ? '—' : run
}

export function readBacktick(cursor: Cursor): string {
  if (cursor.look(/``(?!`)/y) && cursor.quoteCloses) {
    cursor.openQuotes++
    return cursor.over('``', '“')
  }
  // In `black-box' the apostrophe is near. Another backtick before it means Markdown.
  const startsWord = /^$|[\s([“]/.test(cursor.last)
  const quoted = startsWord ? cursor.look(/`(?=\S)[^`']{0,60}(?<=\S)'(?![\p{L}'])/uy) : undefined
  if (quoted) cursor.closingSingle = cursor.at + quoted.length - 1
  return cursor.over('`', quoted ? '‘' : '`')
}

export function readApostrophe(cursor: Cursor): string {
  if (cursor.openQuotes > 0 && cursor.char(1) === "'") {
    cursor.openQuotes--
    return cursor.over("''", '”')
  }
  const closes = cursor.at === cursor.closingSingle
  return cursor.over("'", closes ? '’' : cursor.math ? '′' : "'")
}

/** A straight quotation mark after a word also closes ``. */
export function readStraightQuote(cursor: Cursor): string {
  const closes = cursor.openQuotes > 0 && /\S$/.test(cursor.last)
  if (closes) cursor.openQuotes--
  return cursor.over('"', closes ? '”' : '"')
}

/** In an aligned formula, "&=" and "& " are places and no signs. */
export function readAlignment(cursor: Cursor): string {
  return cursor.over('&', cursor.math && /[\s=<>\\]/.test(cursor.char(1)) ? '' : '&')
}

/** "… in training. % We present" still has the sign of a comment. */
export function readPercent(cursor: Cursor): string {
  const comment = /[.!?]\s/.test(cursor.tail) ? cursor.look(/%\s+(?=[A-Z\\])/y) : undefined
  return comment ? cursor.over(comment, '') : cursor.over('%')
}
