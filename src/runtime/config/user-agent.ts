import type { Config } from './config.ts'
import { VERSION } from './version.ts'

/** Returns the User-Agent of our requests: "Paperboy/0.1.0 (+https://papers.example.org)". A source's operators can contact us. */
export const userAgentOf = ({ newsletter, PUBLIC_URL }: Pick<Config, 'newsletter' | 'PUBLIC_URL'>): string =>
  `${newsletter.name.replace(/[^A-Za-z0-9]+/g, '') || 'Newsletter'}/${VERSION} (+${PUBLIC_URL})`
