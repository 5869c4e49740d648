import { readCommand } from './commands.ts'
import type { Cursor } from './cursor.ts'
import { subscript, superscript } from './scripts.ts'
import { BARE_COMMANDS, GREEK, OPERATORS } from './symbols.ts'

const RAISED_NAMES = new Set(['circ', 'star', 'ast', 'top', 'dagger', 'prime', 'infty'])

/** Reads ^ or _ and its argument. In running text, only unambiguous ones count. */
export function readScript(cursor: Cursor): string {
  const mark = cursor.over(cursor.char())
  const content = scriptGroup(cursor, mark) ?? (cursor.math ? token : mark === '^' ? raised : lowered)(cursor)
  if (content === undefined) return mark
  const written = mark === '^' ? superscript(content) : subscript(content)
  return cursor.math && /^[_^].*[\p{L}\p{N}]$/u.test(written) ? cursor.ended(written) : written
}

/** Reads {…} after the mark. In running text its name may have lost its backslash ("360^{circ}"). */
function scriptGroup(cursor: Cursor, mark: string): string | undefined {
  const content = cursor.group(true)
  if (content === undefined || cursor.math) return content
  const raised = mark === '^' && RAISED_NAMES.has(content) ? OPERATORS.get(content) : undefined
  return raised ?? GREEK.get(content) ?? content
}

/** The argument of a script in maths without braces. */
function token(cursor: Cursor): string | undefined {
  if (cursor.look(/\\[A-Za-z]/y)) return withCommand(cursor)
  const found = cursor.look(/\d+|[^\s{}$\\^_]/uy)
  return found === undefined ? undefined : cursor.over(found)
}

/** A command as an argument without braces: ^\circ, ^\textbf{2}. */
function withCommand(cursor: Cursor): string {
  const { math } = cursor
  cursor.math = true
  const made = readCommand(cursor)
  cursor.math = math
  return made
}

/** x^2, 10^-4, Pass^k, c^*, 360^circ, R^textbf{2AI}; not 2^0.5, 10^(-10), ^_^. */
function raised(cursor: Cursor): string | undefined {
  if (!/[\p{L}\p{M}\p{N})\]|*]$/u.test(cursor.last)) return undefined
  if (cursor.look(/\\[A-Za-z]/y)) return withCommand(cursor)
  const found = cursor.look(/-?\d+(?!\.?\d)|\*|\p{L}(?![\p{L}\p{N}])/uy)
  return found === undefined ? raisedName(cursor) : cursor.over(found)
}

/** Reads a name after ^ that lost its backslash. */
function raisedName(cursor: Cursor): string | undefined {
  const name = cursor.look(/[A-Za-z]+/y)
  if (name === undefined) return undefined
  if (RAISED_NAMES.has(name)) return cursor.over(name, OPERATORS.get(name))
  if (!BARE_COMMANDS.has(name) || cursor.closingOf(cursor.at + name.length) === undefined) return undefined
  cursor.at += name.length
  return cursor.group(true)
}

/** π_0, q_i, H_2O: one letter at a word's start, then a number or letter at its end. Not snake_case, not V_0.5. */
function lowered(cursor: Cursor): string | undefined {
  if (!/^(?:[^\p{L}\p{N}_])?\p{L}$/u.test(cursor.tail)) return undefined
  const found = cursor.look(/\d+(?![a-z_\d]|\.\d)|[a-z](?![\w{^])/y)
  return found === undefined || subscript(found).startsWith('_') ? undefined : cursor.over(found)
}
