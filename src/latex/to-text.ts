import { readCommand } from './commands.ts'
import { Cursor, type Reader } from './cursor.ts'
import { readDollar, readGroup } from './groups.ts'
import {
  readAlignment,
  readApostrophe,
  readBacktick,
  readHyphens,
  readPercent,
  readStraightQuote,
  readTilde,
} from './marks.ts'
import { readScript } from './scripted.ts'
import { readWord } from './words.ts'

const PLAIN = /[^\\{}$^_~\-`'"%&A-Za-z]+/y

/** In maths, spaces are read by themselves: the last may not count. */
const PLAIN_MATH = / +|[^\\{}$^_~\-`'"%&A-Za-z ]+/y

/** The space before the end of a formula: \( x = 1 \) is x = 1. */
const LAST_SPACE = / +(?=\\(?:[)\]]|end\{))/y

const READERS: Record<string, Reader> = {
  '\\': readCommand,
  '{': readGroup,
  $: readDollar,
  '^': readScript,
  _: readScript,
  '~': readTilde,
  '-': readHyphens,
  '`': readBacktick,
  "'": readApostrophe,
  '"': readStraightQuote,
  '%': readPercent,
  '&': readAlignment,
}

/** Converts text with LaTeX to plain text. Never throws. Takes time linear in the text's length. */
export const latexToText = (text: string): string => new Cursor(text, step).read(0, text.length, false)

function step(cursor: Cursor): string {
  const space = cursor.math ? cursor.look(LAST_SPACE) : undefined
  if (space !== undefined) return cursor.over(space, '')
  const plain = cursor.look(cursor.math ? PLAIN_MATH : PLAIN)
  if (plain !== undefined) return cursor.over(plain)
  const char = cursor.char()
  const read = READERS[char] ?? (/[A-Za-z]/.test(char) ? readWord : undefined)
  return read ? read(cursor) : cursor.over(char)
}
