import { accented } from './accents.ts'
import type { Cursor } from './cursor.ts'
import { linkText } from './links.ts'
import { subscript, superscript } from './scripts.ts'
import * as names from './symbols.ts'

/** Reads a command's arguments after its name. Returns undefined and reads nothing when one is missing or incomplete. */
type ArgumentReader = (cursor: Cursor, name: string) => string | undefined

/** Reads one argument and converts it. */
const one =
  (make: (content: string, name: string) => string = (content) => content, math?: boolean): ArgumentReader =>
  (cursor, name) => {
    const content = cursor.argument(math)
    return content === undefined ? undefined : make(content, name)
  }

/** Reads two arguments, the second as text. Without the second, it resets the cursor. */
const two =
  (
    make: (first: string, second: string) => string,
    readFirst: (cursor: Cursor) => string | undefined,
  ): ArgumentReader =>
  (cursor) => {
    const start = cursor.at
    const first = readFirst(cursor)
    const second = first === undefined ? undefined : cursor.short()
    if (first !== undefined && second !== undefined) return make(first, second)
    cursor.at = start
    return undefined
  }

const atom = (text: string): string => (/^[\p{L}\p{N}.∞′]+$/u.test(text) ? text : `(${text})`)

const readFraction = two(
  (above, below) => `${atom(above.trim())}/${atom(below.trim())}`,
  (cursor) => cursor.short(),
)

const readBinomial = two(
  (above, below) => `(${above.trim()} choose ${below.trim()})`,
  (cursor) => cursor.short(),
)

function readRoot(cursor: Cursor): string | undefined {
  const start = cursor.at
  const degree = cursor.over(cursor.look(/\[\w\]/y) ?? '').replace(/[[\]]/g, '')
  const content = cursor.argument()
  if (content !== undefined)
    return `${superscript(degree)}√${[...content].length === 1 ? content : `(${content.trim()})`}`
  cursor.at = start
  return undefined
}

/** \not= and \not\in */
function readNot(cursor: Cursor): string {
  const sign = cursor.look(/ *[=<>]/y)
  const negated = sign === undefined ? cursor.argument() : cursor.over(sign).trim()
  return negated === undefined ? 'not' : `${negated}\u0338`.normalize('NFC')
}

const readTextColor = two(
  (_, content) => content,
  (cursor) => cursor.rawGroup(),
)

/** Texts write \bar\theta without dollars, too. One letter and a command is more often a pattern: \b\w. */
function readAccented(cursor: Cursor, name: string): string | undefined {
  const content = cursor.argument() ?? (name.length > 1 ? cursor.command() : undefined)
  return content === undefined ? undefined : accented(content, name)
}

const readVanishing: ArgumentReader = (cursor) => (cursor.rawGroup() === undefined ? undefined : '')

function readHref(cursor: Cursor): string | undefined {
  const start = cursor.at
  const link = cursor.rawGroup()
  if (link === undefined) return undefined
  const label = cursor.group(false)
  if (label !== undefined || !link.includes('{')) return linkText(cursor, link, label)
  // Some formatters turn it into \href{link{text}}.
  cursor.at = start
  return cursor.spaced(cursor.group(false)!)
}

function readUrl(cursor: Cursor): string | undefined {
  const link = cursor.rawGroup()
  return link === undefined ? undefined : linkText(cursor, link)
}

/** Drops the colour. In "\color{ddtD}ecoupled" the braces include the coloured letter: capitals at the end belong to the text. */
function readColor(cursor: Cursor): string | undefined {
  const color = cursor.rawGroup()
  return color === undefined ? undefined : (/^[a-z]{2,}([A-Z]+)$/.exec(color)?.[1] ?? '')
}

const each = (commands: Iterable<string>, read: ArgumentReader): [string, ArgumentReader][] =>
  [...commands].map((name) => [name, read])

export const ARGUMENTS = new Map<string, ArgumentReader>([
  ...each(names.TEXT_WRAPPERS, one(undefined, false)),
  ...each(names.WRAPPERS, one()),
  ...each(names.VANISHING, readVanishing),
  ...each(names.ACCENTS.keys(), readAccented),
  ...each(['frac', 'dfrac', 'tfrac', 'nicefrac', 'sfrac'], readFraction),
  ['mathbb', one((content) => names.BLACKBOARD.get(content) ?? content)],
  ['textsuperscript', one(superscript)],
  ['textsubscript', one(subscript)],
  ['footnote', one((content) => (content.trim() ? ` (${content.trim()})` : ''), false)],
  ...each(['binom', 'dbinom', 'tbinom'], readBinomial),
  ['sqrt', readRoot],
  ['not', readNot],
  ['bmod', (cursor) => cursor.name('mod')],
  ['pmod', one((content) => ` (mod ${content.trim()})`)],
  ['ket', one((content) => `|${content}⟩`)],
  ['bra', one((content) => `⟨${content}|`)],
  ['href', readHref],
  ['url', readUrl],
  ['color', readColor],
  ['textcolor', readTextColor],
])
