import { readAccent } from './accents.ts'
import { ARGUMENTS } from './arguments.ts'
import type { Cursor } from './cursor.ts'
import * as names from './symbols.ts'

const NAME = /[A-Za-z]+/y

/** Reads a backslash and the command or mark after it. */
export function readCommand(cursor: Cursor): string {
  cursor.at++
  const name = cursor.look(NAME)
  if (name === undefined) return readMark(cursor)
  const accent = name.length === 1 && names.ACCENTS.has(name) ? readAccent(cursor, name) : undefined
  if (accent !== undefined) return accent
  cursor.at += name.length
  return runCommand(cursor, name, `\\${name}`)
}

/** Reads a backslash before a character other than a letter. */
function readMark(cursor: Cursor): string {
  const char = cursor.char()
  if (names.ACCENTS.has(char)) return readAccent(cursor, char) ?? readBareAccent(cursor, char)
  // "\500" is "\$500" after a formatter dropped the dollar. No TeX command is a digit.
  if (/^\d/.test(char)) return '$'
  if (/^[%&$_#{}]/.test(char)) return cursor.over(char)
  if (/^[([]/.test(char)) return startFormula(cursor, char)
  if (/^[)\]]/.test(char)) return endFormula(cursor, char)
  if (/^[!/\-@]/.test(char)) return cursor.over(char, '')
  if (/^[\s\\,;:>]/.test(char)) return cursor.over(char, ' ')
  if (char === '|') return cursor.over(char, '‖')
  return '\\'
}

/** Reads \( and \[ as the start of maths up to \) and \]. Without these, the text after it stays text. */
const startFormula = (cursor: Cursor, read: string): string => {
  cursor.over(read)
  cursor.math ||= cursor.formulaEnds
  return cursor.over(cursor.math ? (cursor.look(/ +/y) ?? '') : '', '')
}

const endFormula = (cursor: Cursor, read: string): string => {
  cursor.math = false
  return cursor.over(read, '')
}

/** Environments of formulas. Others, such as lists, hold text. */
const FORMULAS = /\{(?:align|aligned|displaymath|eqnarray|equation|gather|math|multline)\*?\}/y

/** An accent over nothing is the mark itself. In "``length-scaling\'\'" two of them close the quotation. */
function readBareAccent(cursor: Cursor, char: string): string {
  cursor.at++
  if (char !== "'" || cursor.openQuotes === 0 || !cursor.look(/\\'/y)) return char
  cursor.at += 2
  cursor.openQuotes--
  return '”'
}

/**
 * Converts a named command, with the cursor after its name.
 * @param literal the text to keep when an argument is missing or incomplete
 */
export function runCommand(cursor: Cursor, name: string, literal: string): string {
  const symbol = names.GREEK.get(name) ?? names.OPERATORS.get(name) ?? names.LETTERS.get(name)
  if (symbol !== undefined && !(name === 'deg' && cursor.math)) return readSymbol(cursor, name, symbol)
  if (names.SPACES.has(name)) return ' '
  if (names.FUNCTIONS.has(name)) return cursor.name(name)
  if (names.SWITCHES.has(name)) return readSwitch(cursor, name)
  // \operatorname*{argmin}
  if (cursor.look(/\*\{/y)) cursor.at++
  const environment = name === 'begin' || name === 'end' ? cursor.look(FORMULAS) : undefined
  if (environment !== undefined) return (name === 'begin' ? startFormula : endFormula)(cursor, environment)
  const readArguments = ARGUMENTS.get(name)
  if (readArguments) return readArguments(cursor, name, literal) ?? keepLiteral(cursor, literal)
  // An author's own macro: its argument, or else its name, which is mostly the name of the method.
  return cursor.group() || (isNoMacro(cursor) ? literal : cursor.spaced(name))
}

/** A backslash inside a word ("C:\Users"), or before a group that is never closed. */
const isNoMacro = (cursor: Cursor): boolean =>
  (!cursor.math && /[\p{L}\p{N}:]$/u.test(cursor.last)) || cursor.char() === '{'

/** Keeps a command with missing arguments unchanged, with its first argument if there is one. */
function keepLiteral(cursor: Cursor, literal: string): string {
  const first = cursor.rawGroup()
  return first === undefined ? literal : `${literal}{${first}}`
}

function readSymbol(cursor: Cursor, name: string, symbol: string): string {
  // In TeX a space after a name only ends it. Few authors know, so in running text it counts as a space.
  const endsName = names.LETTERS.has(name) || (cursor.math && !/\s$/.test(cursor.tail))
  cursor.over(cursor.look(/\{\}/y) ?? (endsName ? cursor.look(/ +/y) : undefined) ?? '')
  if (symbol.endsWith('.')) cursor.over(cursor.look(/\./y) ?? '')
  return symbol
}

function readSwitch(cursor: Cursor, name: string): string {
  const rest = name === 'left' || name === 'right' ? /\./y : /\s+|\{\}/y
  return cursor.over(cursor.look(rest) ?? '', '')
}
