import { renderHtml, renderText } from '../edition/compose/templates.ts'
import { escapeHtml } from '../lib/escape-html.ts'
import type { EmailContent } from './service-email.ts'

/** HTML by what it says to everybody: MJML takes some milliseconds, and there are as many as kinds of mail times languages. */
const compiled = new Map<string, Promise<string>>()

/** Stands for a reader's own value while the rest is compiled. Nothing a stranger typed is in these mails that could forge one. */
const slot = (name: string): string => `paperboy-slot-${name}-`
const ANY_SLOT = /paperboy-slot-(\w+)-/g

/** A service mail's two bodies. Compiled once for each kind and language; only links and the moment are each reader's own. */
export async function renderServiceEmail(
  words: EmailContent,
  postalAddress: string | undefined,
): Promise<{ html: string; text: string }> {
  const own = new Map([
    ['url', words.url],
    ['moment', words.moment ?? ''],
    ...words.links.map(({ url }, index): [string, string] => [`link${index}`, url]),
  ])
  const common = {
    ...words,
    url: slot('url'),
    moment: words.moment === undefined ? undefined : slot('moment'),
    links: words.links.map(({ label }, index) => ({ label, url: slot(`link${index}`) })),
    // The lead alone may end before the moment that it announces.
    preheader: words.moment === undefined ? words.lead : `${words.lead} ${slot('moment')}.`,
    postalAddress,
  }
  const key = JSON.stringify({ ...common, t: words.t.lang })
  const html = compiled.get(key) ?? renderHtml('service', common)
  compiled.set(key, html)
  // One that failed is no reason to fail for ever.
  html.catch(() => compiled.delete(key))
  return {
    html: (await html).replace(ANY_SLOT, (_, name: string) => escapeHtml(own.get(name) ?? '')),
    text: renderText('service', { ...words, postalAddress }),
  }
}
