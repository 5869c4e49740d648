import { readAccent } from './accents.ts'
import { ARGUMENTS } from './arguments.ts'
import type { Cursor } from './cursor.ts'
import * as names from './symbols.ts'

const NAME = /[A-Za-z]+/y

/** A backslash and what it begins. */
export function readCommand(cursor: Cursor): string {
  cursor.at++
  const name = cursor.look(NAME)
  if (name === undefined) return readMark(cursor)
  const accent = name.length === 1 && names.ACCENTS.has(name) ? readAccent(cursor, name) : undefined
  if (accent !== undefined) return accent
  cursor.at += name.length
  return runCommand(cursor, name, `\\${name}`)
}

/** A backslash before one character that is no letter. */
function readMark(cursor: Cursor): string {
  const char = cursor.char()
  if (names.ACCENTS.has(char)) return readAccent(cursor, char) ?? readBareAccent(cursor, char)
  // "\500" is "\$500" after a formatter took the dollar: no command of TeX is a digit.
  if (/^\d/.test(char)) return '$'
  if (/^[%&$_#{}]/.test(char)) return cursor.over(char)
  if (/^[!/\-@()[\]]/.test(char)) return cursor.over(char, '')
  if (/^[\s\\,;:>]/.test(char)) return cursor.over(char, ' ')
  return '\\'
}

/** An accent over nothing is the mark itself; "``length-scaling\'\'" closes a quotation with two. */
function readBareAccent(cursor: Cursor, char: string): string {
  cursor.at++
  if (char !== "'" || cursor.openQuotes === 0 || !cursor.look(/\\'/y)) return char
  cursor.at += 2
  cursor.openQuotes--
  return '”'
}

/**
 * A command by name, the cursor behind it.
 * @param literal what stays in the text when an argument is missing or unfinished
 */
export function runCommand(cursor: Cursor, name: string, literal: string): string {
  const symbol = names.GREEK.get(name) ?? names.OPERATORS.get(name) ?? names.LETTERS.get(name)
  if (symbol !== undefined && !(name === 'deg' && cursor.math)) return readSymbol(cursor, name, symbol)
  if (names.SPACES.has(name)) return ' '
  if (names.FUNCTIONS.has(name)) return cursor.name(name)
  if (names.SWITCHES.has(name)) return readSwitch(cursor, name)
  const readArguments = ARGUMENTS.get(name)
  if (readArguments) return readArguments(cursor, name) ?? asItStands(cursor, literal)
  // Somebody's own macro: what it is given, else its name, which is mostly the name of the method.
  return cursor.group() || (isNoMacro(cursor) ? literal : name)
}

/** A backslash inside a word ("C:\Users"), or before a group that never ends. */
const isNoMacro = (cursor: Cursor): boolean => /[\p{L}\p{N}:]$/u.test(cursor.last) || cursor.char() === '{'

/** A command whose arguments are not all there, with the first if that is. */
function asItStands(cursor: Cursor, literal: string): string {
  const first = cursor.rawGroup()
  return first === undefined ? literal : `${literal}{${first}}`
}

function readSymbol(cursor: Cursor, name: string, symbol: string): string {
  // A space behind a name only ends it. In running text it is taken for a real one, since few authors know.
  const endsName = names.LETTERS.has(name) || (cursor.math && !/\s$/.test(cursor.tail))
  cursor.over(cursor.look(/\{\}/y) ?? (endsName ? cursor.look(/ +/y) : undefined) ?? '')
  if (symbol.endsWith('.')) cursor.over(cursor.look(/\./y) ?? '')
  return symbol
}

function readSwitch(cursor: Cursor, name: string): string {
  const rest = name === 'left' || name === 'right' ? /\./y : /\s+|\{\}/y
  return cursor.over(cursor.look(rest) ?? '', '')
}
