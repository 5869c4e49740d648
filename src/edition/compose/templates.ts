import { join } from 'node:path'
import { Eta } from 'eta'

const TEMPLATES = join(import.meta.dirname, '../../../templates')

// One engine a format: in HTML and MJML what is inserted is escaped, in text it is not. A template's own line breaks stay.
const markup = new Eta({ views: TEMPLATES, defaultExtension: '.mjml', autoEscape: true, autoTrim: false, cache: true })
const plain = new Eta({ views: TEMPLATES, defaultExtension: '.txt', autoEscape: false, autoTrim: false, cache: true })

/**
 * A mail's two bodies from `templates/NAME.mjml` and its twin `templates/NAME.txt`, both filled from the same values.
 * @param forEach values that only one of the two gets
 * @throws Error naming the template and MJML's complaints; a template that is not clean is a mistake of ours
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

/** The text body alone. */
export const renderText = (name: string, values: object): string => plain.render(name, { ...values, wrap })

/** The HTML body alone; MJML compiles it, which takes some milliseconds. */
export async function renderHtml(name: string, values: object): Promise<string> {
  // Loaded when first needed: it takes half a second, and the pages and most commands never compile a mail.
  const { default: mjml2html } = await import('mjml')
  const mjml = markup.render(name, values)
  // No fonts: MJML links Google's for every family it knows (Roboto is one), and whoever serves a file sees who opens the mail.
  const { html, errors } = await mjml2html(mjml, { validationLevel: 'soft', keepComments: true, fonts: {} })
  if (errors.length > 0) {
    throw new Error(`templates/${name}.mjml: ${errors.map((error) => error.formattedMessage).join('; ')}`)
  }
  return unindent(html)
}

/** Half of what MJML writes is indentation, and mail programs cut long messages. White space at a line's start means nothing here. */
const unindent = (html: string): string => html.replace(/[ \t]*\n\s*/g, '\n')

/** Text for a text mail: broken between words at 72 columns, every line indented. A word longer than that stays whole. */
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
