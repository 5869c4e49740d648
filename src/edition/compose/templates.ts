import { Eta } from 'eta'
import { isolated } from '../../lib/isolated.ts'
import { langAttribute } from '../../lib/source-language.ts'
import { compileMjml } from '../../mail/mjml.ts'
import { displayWidth, fitColumns, wrap } from '../../mail/wrapping.ts'
import type { Messages } from '../../messages/catalogue.ts'
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

/** All values of a template; every one needs the language. */
type Values = Record<string, unknown> & { t: Messages }

const SANS = "-apple-system,'Segoe UI',Roboto,Helvetica,Arial"
const SERIF = "Charter,'Bitstream Charter','Charis SIL','Iowan Old Style',Georgia"

/** Font families of an email. Without names, Windows shows Chinese in an old bitmap font; its characters have no italics. */
const fontsFor = ({ lang }: Messages) =>
  lang.startsWith('zh')
    ? {
        sans: `${SANS},'PingFang SC','Microsoft YaHei',sans-serif`,
        serif: `${SERIF},'Songti SC','Microsoft YaHei',serif`,
        slant: 'normal',
      }
    : { sans: `${SANS},sans-serif`, serif: `${SERIF},serif`, slant: 'italic' }

/**
 * Renders the two bodies of an email from `templates/NAME.mjml` and `templates/NAME.txt`, with the same values.
 *
 * @param forEach values for only one of the two
 * @throws Error with the template's name and MJML's first problem, which is a bug in the template
 */
export async function renderMail(
  templates: TemplateFiles,
  name: string,
  values: Values,
  forEach: { html: object; text: object } = { html: {}, text: {} },
): Promise<{ html: string; text: string }> {
  return {
    html: await renderHtml(templates, name, { ...values, ...forEach.html }),
    text: renderText(templates, name, { ...values, ...forEach.text }),
  }
}

/** Renders only the text body. */
export const renderText = (templates: TemplateFiles, name: string, values: Values): string =>
  enginesOf(templates).plain.render(name, { ...values, wrap, displayWidth, fitColumns, isolated })

/** Renders only the HTML body. Compiling MJML takes some milliseconds of another thread. */
export async function renderHtml(templates: TemplateFiles, name: string, values: Values): Promise<string> {
  const html = await compileMjml(
    enginesOf(templates).markup.render(name, { ...values, fonts: fontsFor(values.t), lang: langAttribute }),
  ).catch((error) => {
    throw new Error(`${name}.mjml with all its parts, ${error.message}`)
  })
  return unindent(html)
}

/** Half of MJML's output is indentation, and mail programs clip long messages. White space at a line's start has no effect here. */
const unindent = (html: string): string => html.replace(/[ \t]*\n\s*/g, '\n')
