import MarkdownIt from 'markdown-it'

/** HTML stays the text that it is. Images would come from other sites, and the pages' policy refuses them. */
const markdown = new MarkdownIt({ html: false, typographer: false }).disable(['image', 'table', 'code'])

/** Returns Markdown of the operator as HTML, for a page that has a title of its own: `#` becomes `<h2>`. */
export function markdownHtml(text: string): string {
  const tokens = markdown.parse(text, {})
  for (const token of tokens) {
    if (token.type.startsWith('heading_')) token.tag = `h${Math.min(Number(token.tag.slice(1)) + 1, 6)}`
  }
  return markdown.renderer.render(tokens, markdown.options, {})
}
