import { escapeHtml } from '../../lib/escape-html.ts'
import { wrap } from '../../mail/wrapping.ts'
import type { Messages } from '../../messages/catalogue.ts'
import type { Config } from '../../runtime/config/config.ts'
import { renderMarkdown, withMailLinks } from './markdown.ts'

/** Characters of Markdown. A longer note would push the papers off the first screen. */
export const MAX_NOTE = 1_000

/** Renders the curator's note to the readers of an edition, from Markdown, for both bodies of its emails. */
export function renderEditorNote(
  note: string,
  { CURATOR_NAME, PUBLIC_URL, newsletter }: Pick<Config, 'CURATOR_NAME' | 'PUBLIC_URL' | 'newsletter'>,
  t: Messages,
): { html: string; text: string } {
  const from = t.digest.fromEditor(CURATOR_NAME)
  const paragraphs = renderMarkdown(note, PUBLIC_URL)
  return {
    html: paragraphs
      .map(({ html }, index) => {
        const margin = index === paragraphs.length - 1 ? '0' : '0 0 8px'
        return `<p style="margin:${margin}">${index === 0 ? `<b>${escapeHtml(from)}</b>${t.punctuation.space}` : ''}${withMailLinks(html, newsletter.palette)}</p>`
      })
      .join('\n'),
    text: paragraphs
      .map(({ text }, index) => wrap((index === 0 ? from + t.punctuation.space : '') + text))
      .join('\n\n'),
  }
}
