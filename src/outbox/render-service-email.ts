import { LRUCache } from 'lru-cache'
import { renderHtml, renderText } from '../edition/compose/templates.ts'
import { escapeHtml } from '../lib/escape-html.ts'
import type { Config } from '../runtime/config/config.ts'
import { brandOf } from '../runtime/config/newsletter.ts'
import type { TemplateFiles } from '../runtime/config/template-files.ts'
import type { EmailContent } from './service-email.ts'

/** Compiled HTML by templates and shared content: MJML takes milliseconds, and there are only as many as kinds times languages. */
const caches = new WeakMap<TemplateFiles, LRUCache<string, Promise<string>>>()

/** Placeholder for a personal value in compiled HTML. No stranger's text is in these emails, so none can forge one. */
const placeholder = (name: string): string => `service-placeholder-${name}-`
const ANY_PLACEHOLDER = /service-placeholder-(\w+)-/g

/**
 * Returns both bodies of a service email. Compiled once per kind and language; only links and the date are personal.
 */
export async function renderServiceEmail(
  { newsletter, templates, POSTAL_ADDRESS: postalAddress }: Pick<Config, 'newsletter' | 'templates' | 'POSTAL_ADDRESS'>,
  content: EmailContent,
): Promise<{ html: string; text: string }> {
  const { space, stop } = content.t.punctuation
  const own = new Map([
    ['url', content.url],
    ['moment', content.moment ?? ''],
    ['unsubscribe', content.unsubscribe?.url ?? ''],
    ...content.links.map(({ url }, index): [string, string] => [`link${index}`, url]),
  ])
  const identity = { brand: brandOf(newsletter), postalAddress }
  const common = {
    ...content,
    url: placeholder('url'),
    moment: content.moment === undefined ? undefined : placeholder('moment'),
    links: content.links.map(({ label }, index) => ({ label, url: placeholder(`link${index}`) })),
    unsubscribe: content.unsubscribe && { label: content.unsubscribe.label, url: placeholder('unsubscribe') },
    // Without the date the lead could end in a colon.
    preheader: content.moment === undefined ? content.lead : content.lead + space + placeholder('moment') + stop,
    ...identity,
  }
  const key = JSON.stringify({ ...common, t: content.t.lang })
  const compiled = caches.get(templates) ?? new LRUCache<string, Promise<string>>({ max: 100 })
  caches.set(templates, compiled)
  const html = compiled.get(key) ?? renderHtml(templates, 'service', common)
  compiled.set(key, html)
  // Do not cache a failure.
  html.catch(() => compiled.delete(key))
  return {
    html: (await html).replace(ANY_PLACEHOLDER, (_, name: string) => escapeHtml(own.get(name) ?? '')),
    text: renderText(templates, 'service', { ...content, ...identity }),
  }
}
