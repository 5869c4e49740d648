import { join } from 'node:path'
import { Eta } from 'eta'
import { compileMjml } from '../../mail/mjml.ts'

const TEMPLATES = join(import.meta.dirname, '../../../templates')

// One engine per format: HTML and MJML escape values, text does not. A template's own line breaks stay.
const markup = new Eta({ views: TEMPLATES, defaultExtension: '.mjml', autoEscape: true, autoTrim: false, cache: true })
const plain = new Eta({ views: TEMPLATES, defaultExtension: '.txt', autoEscape: false, autoTrim: false, cache: true })

/**
 * Renders the two bodies of an email from `templates/NAME.mjml` and `templates/NAME.txt`, with the same values.
 *
 * @param forEach values for only one of the two
 * @throws Error with the template's name and MJML's errors, which are bugs in the template
 */
export async function renderMail(
  name: string,
  values: object,
  forEach: { html: object; text: object } = { html: {}, text: {} },
): Promise<{ html: string; text: string }> {
  return {
    html: await renderHtml(name, { ...values, ...forEach.html }),
    text: renderText(name, { ...values, ...forEach.text }),
  }
}

/** Renders only the text body. */
export const renderText = (name: string, values: object): string => plain.render(name, { ...values, wrap })

/** Renders only the HTML body. Compiling MJML takes some milliseconds of another thread. */
export async function renderHtml(name: string, values: object): Promise<string> {
  const html = await compileMjml(markup.render(name, values)).catch((error) => {
    throw new Error(`templates/${name}.mjml: ${error.message}`)
  })
  return unindent(html)
}

/** Half of MJML's output is indentation, and mail programs clip long messages. White space at a line's start has no effect here. */
const unindent = (html: string): string => html.replace(/[ \t]*\n\s*/g, '\n')

/** Wraps text at 72 columns and indents every line. A longer word stays whole. */
export function wrap(text: string, indent = ''): string {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(/\s+/).filter(Boolean)) {
    if (line !== '' && indent.length + line.length + 1 + word.length > 72) {
      lines.push(line)
      line = word
    } else {
      line = line === '' ? word : `${line} ${word}`
    }
  }
  return [...lines, line].map((each) => indent + each).join('\n')
}
