import type { FastifyViewOptions } from '@fastify/view'
import { Eta } from 'eta'
import type { Config } from '../config.ts'
import { ASSETS } from './assets.ts'

const PAGES = new URL('../../templates/pages', import.meta.url).pathname

/** templates/pages/NAME.eta, each within layout.eta. What is inserted is escaped. */
export const viewOptions = (
  config: Pick<Config, 'CURATOR_NAME' | 'POSTAL_ADDRESS'>,
  mailboxUrl: string | undefined,
): FastifyViewOptions => ({
  engine: { eta: new Eta({ views: PAGES, autoTrim: false }) },
  templates: PAGES,
  production: true,
  defaultContext: { assets: ASSETS, curator: config.CURATOR_NAME, postalAddress: config.POSTAL_ADDRESS, mailboxUrl },
})
