import MarkdownIt from 'markdown-it'
import { escapeHtml } from '../../lib/escape-html.ts'
import { wrap } from '../../mail/wrapping.ts'
import type { Messages } from '../../messages/catalogue.ts'
import type { Config } from '../../runtime/config/config.ts'

/** Characters of Markdown. A longer note would push the papers off the first screen. */
export const MAX_NOTE = 1_000

/** Paragraphs, emphasis and links to web pages. Everything else, HTML above all, stays the text that it is. */
const markdown = new MarkdownIt('zero', { breaks: true }).enable(['emphasis', 'link', 'newline', 'escape'])
markdown.validateLink = (url) => /^https?:\/\//i.test(url)

/** Renders the curator's note to the readers of an edition, from Markdown, for both bodies of its emails. */
export function renderEditorNote(
  note: string,
  { CURATOR_NAME, newsletter }: Pick<Config, 'CURATOR_NAME' | 'newsletter'>,
  t: Messages,
): { html: string; text: string } {
  const from = t.digest.fromEditor(CURATOR_NAME)
  const paragraphs = markdown.parse(note, {}).filter(({ type }) => type === 'inline')
  return {
    html: paragraphs
      .map(({ children }, index) => {
        const html = markdown.renderer
          .renderInline(children ?? [], markdown.options, {})
          .replaceAll('<a href=', `<a class="accent" style="color:${newsletter.palette.accent.light}" href=`)
        const margin = index === paragraphs.length - 1 ? '0' : '0 0 8px'
        return `<p style="margin:${margin}">${index === 0 ? `<b>${escapeHtml(from)}</b>${t.punctuation.space}` : ''}${html}</p>`
      })
      .join('\n'),
    text: paragraphs
      .map(({ children }, index) => wrap((index === 0 ? from + t.punctuation.space : '') + textOf(children ?? [])))
      .join('\n\n'),
  }
}

/** Plain text, with each link's address in brackets after its words. */
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
