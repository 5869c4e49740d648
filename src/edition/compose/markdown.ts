import MarkdownIt from 'markdown-it'
import { arxivId } from '../../papers/paper-id.ts'
import type { Config } from '../../runtime/config/config.ts'

/** Paragraphs, emphasis and links. Everything else, HTML above all, stays the text that it is. */
const markdown = new MarkdownIt('zero', { breaks: true }).enable(['emphasis', 'link', 'newline', 'escape'])
markdown.validateLink = (url) => /^https?:\/\//i.test(url) || arxivId(url) === url

/** A paragraph of a curator's note. */
interface Paragraph {
  html: string
  /** with each link's address in brackets after its words */
  text: string
}

/**
 * Renders a curator's Markdown. A link may lead to a web page, or to a paper here by its id: [QuanBench+](2604.08570).
 * @param publicUrl what links to papers begin with
 */
export const renderMarkdown = (source: string, publicUrl: string): Paragraph[] =>
  markdown
    .parse(source, {})
    .filter(({ type }) => type === 'inline')
    .map(({ children }) => {
      const tokens = children ?? []
      for (const token of tokens) {
        const href = token.type === 'link_open' ? String(token.attrGet('href')) : 'https://'
        if (!/^https?:\/\//i.test(href)) token.attrSet('href', `${publicUrl}/papers/${href}`)
      }
      return { html: markdown.renderer.renderInline(tokens, markdown.options, {}), text: textOf(tokens) }
    })

function textOf(tokens: readonly { type: string; content: string; attrGet: (name: string) => unknown }[]): string {
  let address = ''
  return tokens
    .map((token) => {
      if (token.type === 'link_open') address = String(token.attrGet('href'))
      if (token.type === 'link_close') return ` (${address})`
      return token.type === 'softbreak' || token.type === 'hardbreak' ? ' ' : token.content
    })
    .join('')
}

/** Renders the curator's note on one paper, in one paragraph. */
export function renderPaperNote(source: string, publicUrl: string): Paragraph {
  const paragraphs = renderMarkdown(source, publicUrl)
  const join = (part: keyof Paragraph) => paragraphs.map((each) => each[part]).join(' ')
  return { html: join('html'), text: join('text') }
}

/** Gives links the colour that they have in emails, where styles stand in the tags. */
export const withMailLinks = (html: string, { accent }: Config['newsletter']['palette']): string =>
  html.replaceAll('<a href=', `<a class="accent" style="color:${accent.light}" href=`)
