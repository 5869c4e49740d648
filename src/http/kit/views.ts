import { join } from 'node:path'
import type { FastifyViewOptions } from '@fastify/view'
import { Eta } from 'eta'
import { langAttribute } from '../../lib/source-language.ts'
import { localeOfTexts, type Messages } from '../../messages/catalogue.ts'
import { textIn } from '../../runtime/config/newsletter.ts'
import {
  NO_TEMPLATES,
  TEMPLATES_FOLDER,
  type TemplateFiles,
  textOfTemplate,
} from '../../runtime/config/template-files.ts'
import type { Services } from '../../runtime/services.ts'
import { feedLinks } from '../feeds/feed-links.ts'
import type { Assets } from './assets.ts'
import { logoFiles } from './brand.ts'
import { mintFormTimestamp } from './evidence.ts'
import { inLanguage } from './language.ts'
import { formulaLabel } from './rich-text.ts'

const PAGES = join(TEMPLATES_FOLDER, 'pages')

function engineOf(templates: TemplateFiles): Eta {
  const eta = new Eta({ views: PAGES, autoTrim: false, cache: true })
  eta.readFile = (path) => textOfTemplate(templates, path)
  return eta
}

/** Where a file of the operator's fails, ours replaces it: theirs are only compiled at the start, and an unsubscribe must always work. */
function openEngine({ config: { templates }, log }: Pick<Services, 'config' | 'log'>): Eta {
  const engine = engineOf(templates)
  if (templates.files.size === 0) return engine
  const [ours, render] = [engineOf(NO_TEMPLATES), engine.render.bind(engine)]
  engine.render = (template, data, meta) => {
    try {
      return render(template, data, meta)
    } catch (error) {
      log.error({ err: error, template }, 'a template of TEMPLATES_DIR failed: ours is used')
      return ours.render(template, data, meta)
    }
  }
  return engine
}

/** Renders templates/pages/NAME.eta. Eta escapes inserted values. */
export const viewOptions = (
  services: Pick<Services, 'config' | 'keys' | 'now' | 'log'>,
  assets: Assets,
  mailboxUrl: string | undefined,
): FastifyViewOptions => ({
  engine: { eta: openEngine(services) },
  templates: PAGES,
  production: true,
  defaultContext: {
    assets: assets.path,
    icons: assets.icons,
    newsletter: services.config.newsletter,
    logo: logoFiles(services.config.newsletter),
    /** the newsletter's own description, or ours */
    tagline: (t: Messages) =>
      textIn(services.config.newsletter.tagline, localeOfTexts(t), services.config.newsletter) ??
      t.layout.description(services.config.CURATOR_NAME),
    curator: services.config.CURATOR_NAME,
    postalAddress: services.config.POSTAL_ADDRESS,
    mailboxUrl,
    shown: () => mintFormTimestamp(services),
    publicUrl: services.config.PUBLIC_URL,
    inLanguage,
    lang: langAttribute,
    named: formulaLabel,
    wholeFeeds: (t: Messages) => feedLinks({ t, newsletter: services.config.newsletter }),
  },
})
