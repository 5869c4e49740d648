import type { FastifyViewOptions } from '@fastify/view'
import { Eta } from 'eta'
import type { Services } from '../../runtime/services.ts'
import { feedLinks } from '../feeds/feed-links.ts'
import { ASSETS_PATH } from './assets.ts'
import { mintFormTimestamp } from './evidence.ts'

const PAGES = new URL('../../../templates/pages', import.meta.url).pathname

/** Renders templates/pages/NAME.eta. Eta escapes inserted values. */
export const viewOptions = (
  services: Pick<Services, 'config' | 'keys' | 'now'>,
  mailboxUrl: string | undefined,
): FastifyViewOptions => ({
  engine: { eta: new Eta({ views: PAGES, autoTrim: false }) },
  templates: PAGES,
  production: true,
  defaultContext: {
    assets: ASSETS_PATH,
    curator: services.config.CURATOR_NAME,
    postalAddress: services.config.POSTAL_ADDRESS,
    mailboxUrl,
    shown: () => mintFormTimestamp(services),
    publicUrl: services.config.PUBLIC_URL,
    wholeFeeds: feedLinks(),
  },
})
