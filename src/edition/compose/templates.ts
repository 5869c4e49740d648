import { Eta } from 'eta'
import { compileMjml } from '../../mail/mjml.ts'
import { TEMPLATES_FOLDER, type TemplateFiles, textOfTemplate } from '../../runtime/config/template-files.ts'

/** One engine per format: HTML and MJML escape values, text does not. A template's own line breaks stay. */
interface Engines {
  markup: Eta
  plain: Eta
}

/** Engines cache compiled templates, so each set of templates has its own. */
const opened = new WeakMap<TemplateFiles, Engines>()

function enginesOf(templates: TemplateFiles): Engines {
  const open = (defaultExtension: string, autoEscape: boolean): Eta => {
    const eta = new Eta({ views: TEMPLATES_FOLDER, defaultExtension, autoEscape, autoTrim: false, cache: true })
    eta.readFile = (path) => textOfTemplate(templates, path)
    return eta
  }
  const engines = opened.get(templates) ?? { markup: open('.mjml', true), plain: open('.txt', false) }
  opened.set(templates, engines)
  return engines
}

/**
 * Renders the two bodies of an email from `templates/NAME.mjml` and `templates/NAME.txt`, with the same values.
 *
 * @param forEach values for only one of the two
 * @throws Error with the template's name and MJML's errors, which are bugs in the template
 */
export async function renderMail(
  templates: TemplateFiles,
  name: string,
  values: object,
  forEach: { html: object; text: object } = { html: {}, text: {} },
): Promise<{ html: string; text: string }> {
  return {
    html: await renderHtml(templates, name, { ...values, ...forEach.html }),
    text: renderText(templates, name, { ...values, ...forEach.text }),
  }
}

/** Renders only the text body. */
export const renderText = (templates: TemplateFiles, name: string, values: object): string =>
  enginesOf(templates).plain.render(name, { ...values, wrap })

/** Renders only the HTML body. Compiling MJML takes some milliseconds of another thread. */
export async function renderHtml(templates: TemplateFiles, name: string, values: object): Promise<string> {
  const html = await compileMjml(enginesOf(templates).markup.render(name, values)).catch((error) => {
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
