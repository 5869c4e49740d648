import { decodeHTMLStrict } from 'entities'
import { subscript, superscript } from '../latex/scripts.ts'

/**
 * The markup that titles and abstracts of journals keep: italics, superscripts and subscripts, as `<i>`, `<sup>` and `<sub>`.
 * Every other element is removed when a paper is read (`textOfHtml`).
 */
const TAG = /<(\/?)(i|sup|sub)>/g

export const hasMarkup = (text: string): boolean => text.includes('</') && /<(?:i|sup|sub)>/.test(text)

/** Returns the text without markup: "Ca<sup>2+</sup> in <i>E. coli</i>" → "Ca²⁺ in E. coli". */
export const withoutMarkup = (text: string): string =>
  text
    .replace(/<sup>([^<]*)<\/sup>/g, (_, raised: string) => superscript(raised))
    .replace(/<sub>([^<]*)<\/sub>/g, (_, lowered: string) => subscript(lowered))
    .replace(TAG, '')

/** Returns the pieces of a text: markup that is well nested, and the text between. Undefined when it is not nested. */
export function markedPieces(text: string): ({ tag: string } | { text: string })[] | undefined {
  const pieces: ({ tag: string } | { text: string })[] = []
  const open: string[] = []
  let after = 0
  for (const found of text.matchAll(TAG)) {
    const [tag, closing, name] = found
    if (closing ? open.pop() !== name : open.push(name!) > MOST_NESTED) return undefined
    pieces.push({ text: text.slice(after, found.index) }, { tag })
    after = found.index + tag.length
  }
  pieces.push({ text: text.slice(after) })
  return open.length === 0 ? pieces : undefined
}

const MOST_NESTED = 4

/** What a journal calls the three: HTML, JATS (Crossref) and older forms. */
const NAMES = new Map(
  Object.entries({
    i: 'i',
    em: 'i',
    italic: 'i',
    sup: 'sup',
    superscript: 'sup',
    sub: 'sub',
    inf: 'sub',
    subscript: 'sub',
  }),
)
/** Without an end, up to the end of the text, as browsers do: looking for each one's end took minutes. */
const HIDDEN = /<!--[\s\S]*?(?:-->|$)|<(script|style)\b[\s\S]*?(?:<\/\1[^<>]*>|$)/gi
const HTML_TAG = /<(\/?)(?:[a-z]+:)?([a-z][a-z0-9]*)(?:\s[^<>]*)?\/?>/gi
/** Elements whose end ends a word. */
const BREAKS = /^(?:p|div|br|li|tr|td|h\d|title|sec|section|ul|ol)$/i

/** Returns HTML or JATS of a feed as text, with the markup that is kept. */
export const textOfHtml = (html: string): string =>
  decodeHTMLStrict(
    html.replace(HIDDEN, ' ').replace(HTML_TAG, (_, closing: string, name: string) => {
      const kept = NAMES.get(name.toLowerCase())
      if (kept) return `<${closing}${kept}>`
      return BREAKS.test(name) ? ' ' : ''
    }),
  )
    .replace(/\s+/g, ' ')
    .trim()
