import { accented } from './accents.ts'
import type { Cursor } from './cursor.ts'
import { linkText } from './links.ts'
import { subscript, superscript } from './scripts.ts'
import * as names from './symbols.ts'

/**
 * Reads a command's arguments after its name. Returns undefined and reads nothing when the first is missing or incomplete.
 * @param literal the text of the command, to keep when a later argument is missing
 */
type ArgumentReader = (cursor: Cursor, name: string, literal: string) => string | undefined

/** Reads one argument and converts it. */
const one =
  (make: (content: string, name: string) => string = (content) => content, math?: boolean): ArgumentReader =>
  (cursor, name) => {
    const content = cursor.argument(math)
    return content === undefined ? undefined : make(content, name)
  }

/** Reads two arguments. Without the second, it keeps the first: reading that again could take exponential time. */
const two =
  (
    make: (first: string, second: string, cursor: Cursor) => string,
    readFirst: (cursor: Cursor) => string | undefined = (cursor) => cursor.argument(),
  ): ArgumentReader =>
  (cursor, _, literal) => {
    const first = readFirst(cursor)
    if (first === undefined) return undefined
    const second = cursor.argument()
    return second === undefined ? `${literal}{${first}}` : make(first, second, cursor)
  }

const atom = (text: string): string => (/^[\p{L}\p{N}.∞′]+$/u.test(text) ? text : `(${text})`)

const readFraction = two((above, below, cursor) => cursor.name(`${atom(above.trim())}/${atom(below.trim())}`))

const readBinomial = two((above, below) => `(${above.trim()} choose ${below.trim()})`)

/** One sign over or under another: \stackrel{d}{=} */
const readOver = two((over, base) => base.trim() + superscript(over))
const readUnder = two((under, base, cursor) => cursor.name(base.trim() + subscript(under)))

/** Reads an argument in brackets, which may be left out. */
const readOption = (cursor: Cursor): string =>
  cursor.over(cursor.look(/\[[^[\]{}$\\]{1,30}\]/y) ?? '').replace(/[[\]]/g, '')

function readRoot(cursor: Cursor): string | undefined {
  const start = cursor.at
  const degree = readOption(cursor)
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

/** Reads two arguments, of which the first only says how the second looks. */
const readStyled = two(
  (_, content) => content,
  (cursor) => {
    readOption(cursor)
    return cursor.rawGroup()
  },
)

/** Reads a formula and its form as plain words. */
const readTexOrPdf = two(
  (formula) => formula,
  (cursor) => cursor.group(),
)

/** H2O → H₂O, Ca^2+ → Ca²⁺ */
const readChemistry = one((content) =>
  content
    .replace(/(?<=[\p{L})\]])\d+/gu, subscript)
    .replace(/(?<=[²³⁴-⁹])[+-](?![\p{L}\d])/gu, superscript)
    .replace('->', '→'),
)

const readArrow =
  (arrow: string): ArgumentReader =>
  (cursor) => {
    readOption(cursor)
    const over = cursor.argument()
    return over === undefined ? undefined : arrow + superscript(over)
  }

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
  const start = cursor.at
  readOption(cursor)
  const color = cursor.rawGroup()
  if (color === undefined) cursor.at = start
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
  ...each(
    ['mathbb', 'mathds', 'mathbbm', 'Bbb'],
    one((content) => names.BLACKBOARD.get(content) ?? content),
  ),
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
  ['norm', one((content) => `‖${content}‖`)],
  ['abs', one((content) => `|${content}|`)],
  ...each(['stackrel', 'overset'], readOver),
  ['underset', readUnder],
  ['xrightarrow', readArrow('→')],
  ['xleftarrow', readArrow('←')],
  ['ce', readChemistry],
  ['texorpdfstring', readTexOrPdf],
  ['href', readHref],
  ['url', readUrl],
  ['color', readColor],
  ...each(['textcolor', 'scalebox', 'raisebox', 'rotatebox'], readStyled),
])
