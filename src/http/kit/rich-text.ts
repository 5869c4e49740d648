import temml from 'temml'
import { escapeHtml } from '../../lib/escape-html.ts'
import { hasMarkup, markedPieces } from '../../papers/markup.ts'
import { readable } from '../../papers/readable.ts'

/** `$…$`, `$$…$$`, `\(…\)` and `\[…\]`. As in Pandoc, a dollar before a space or after one is money, as is one before a digit. */
const MATHS =
  /(?<!\\)\$\$([^$]+)\$\$|(?<!\\)\$(?![\s$])((?:[^$\\]|\\.)*?[^\s\\$])\$(?!\d)|\\\(([\s\S]{1,400}?)\\\)|\\\[([\s\S]{1,400}?)\\\]/g

/** Numbers and words need no formula: "$10\times$" reads best as "10×". */
const PLAIN = /^[\d\s.,%+-]*(?:\\times|\\%|\\sim)?[\d\s.,%+-]*$/

/** Characters. Longer formulas are rare and slow to set. MATHS has the limit too: it would search each bracket without an end to the end. */
const LONGEST = 400

/** A link in a text, with or without its scheme. */
const LINK = /\b(?:https?:\/\/|(?:www|github|huggingface)\.(?=\w))[^\s<>"'`{}|\\^]+/gi
const AFTER_LINK = /(?<![.,;:!?)\]}'"])[.,;:!?)\]}'"]+$/

/**
 * Returns a title or an abstract as HTML: its LaTeX formulas as MathML, the rest as readable text, all of it escaped.
 * Other text, and a formula that cannot be rendered, is written as `readable` does.
 *
 * @param source as the source wrote it
 * @param options.links turns web addresses into links
 */
export function richText(source: string, { links = false }: { links?: boolean } = {}): string {
  const plain = (part: string): string => (links ? withLinks(readable(part)) : escapeHtml(readable(part)))
  const text = (part: string): string => withMarkup(part, plain)
  const pieces = piecesOf(source)
  if (pieces.length === 1 || pieces.some((piece) => 'text' in piece && isTorn(piece.text))) return text(source)
  return pieces
    .map((piece) => ('html' in piece ? piece.html : spaced(piece.text, text)))
    .join('')
    .trim()
}

/** Writes italics, superscripts and subscripts as elements, and escapes all else. */
function withMarkup(part: string, write: (text: string) => string): string {
  const pieces = hasMarkup(part) ? markedPieces(part) : undefined
  if (!pieces) return write(part)
  return pieces
    .map((piece) => ('tag' in piece ? piece.tag : spaced(piece.text, write)))
    .join('')
    .trim()
}

/** The attribute that names a link to a paper by its title in words, if the title has a formula: browsers leave MathML out of names. */
export const formulaLabel = ({ title, titleHtml }: { title: string; titleHtml: string }): string =>
  titleHtml.includes('<math') ? ` aria-label="${escapeHtml(title)}"` : ''

type Piece = { text: string } | { html: string }

function piecesOf(source: string): Piece[] {
  const pieces: Piece[] = []
  let after = 0
  for (const found of source.matchAll(MATHS)) {
    const formula = found.slice(1).find((part) => part !== undefined)!
    const html = formula.length > LONGEST || PLAIN.test(formula) ? undefined : mathMl(formula)
    if (html === undefined) continue
    pieces.push({ text: source.slice(after, found.index) }, { html })
    after = found.index + found[0].length
  }
  return [...pieces, { text: source.slice(after) }]
}

/** A formula inside the braces of a text command would tear it apart. */
const isTorn = (text: string): boolean => {
  const count = (mark: RegExp) => text.match(mark)?.length ?? 0
  return count(/(?<!\\)\{/g) !== count(/(?<!\\)\}/g)
}

/** Keeps the space beside a formula, which readable text loses at its ends. */
function spaced(text: string, write: (text: string) => string): string {
  const [before, after] = [/^\s/.test(text) ? ' ' : '', /\s$/.test(text) ? ' ' : '']
  return text.trim() === '' ? before : before + write(text) + after
}

/** Returns undefined for a formula with an unknown command. Inline styles are removed, since the pages' policy refuses them. */
function mathMl(formula: string): string | undefined {
  try {
    const set = temml.renderToString(formula, { throwOnError: true, trust: false, strict: false, maxExpand: 100 })
    return set.replace(/ style="[^"]*"/g, '')
  } catch {
    return undefined
  }
}

/** Escapes a text and makes links of the addresses in it. */
function withLinks(text: string): string {
  let html = ''
  let after = 0
  for (const found of text.matchAll(LINK)) {
    const shown = balanced(found[0].replace(AFTER_LINK, ''), found[0])
    const url = /^https?:/i.test(shown) ? shown : `https://${shown}`
    if (!URL.canParse(url) || !shown.includes('/') || !new URL(url).hostname.includes('.')) continue
    html += `${escapeHtml(text.slice(after, found.index))}<a href="${escapeHtml(new URL(url).href)}" rel="nofollow">${escapeHtml(shown)}</a>`
    after = found.index + shown.length
  }
  return html + escapeHtml(text.slice(after))
}

/** Keeps a closing bracket that the address itself opened. */
const balanced = (cut: string, whole: string): string =>
  cut.includes('(') && !cut.includes(')') && whole.startsWith(`${cut})`) ? `${cut})` : cut
