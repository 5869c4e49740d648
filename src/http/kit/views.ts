import { join } from 'node:path'
import type { FastifyViewOptions } from '@fastify/view'
import { Eta } from 'eta'
import { langAttribute } from '../../lib/source-language.ts'
import { localeOfTexts, type Messages } from '../../messages/catalogue.ts'
import { textIn } from '../../runtime/config/newsletter.ts'
import { TEMPLATES_FOLDER, type TemplateFiles, textOfTemplate } from '../../runtime/config/template-files.ts'
import type { Services } from '../../runtime/services.ts'
import { feedLinks } from '../feeds/feed-links.ts'
import type { Assets } from './assets.ts'
import { logoFiles } from './brand.ts'
import { mintFormTimestamp } from './evidence.ts'
import { inLanguage } from './language.ts'

const PAGES = join(TEMPLATES_FOLDER, 'pages')

function openEngine(templates: TemplateFiles): Eta {
  const eta = new Eta({ views: PAGES, autoTrim: false })
  eta.readFile = (path) => textOfTemplate(templates, path)
  return eta
}

/** Renders templates/pages/NAME.eta. Eta escapes inserted values. */
export const viewOptions = (
  services: Pick<Services, 'config' | 'keys' | 'now'>,
  assets: Assets,
  mailboxUrl: string | undefined,
): FastifyViewOptions => ({
  engine: { eta: openEngine(services.config.templates) },
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
    wholeFeeds: feedLinks(),
  },
})
