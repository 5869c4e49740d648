import { localeOfTexts, type Messages } from '../../messages/catalogue.ts'
import type { Newsletter } from '../../runtime/config/newsletter.ts'
import { inLanguage } from '../kit/language.ts'

/** What a feed may be limited to. */
export type FeedFilter = 'topic' | 'author' | 'organisation'

interface Page {
  t: Messages
  newsletter: Newsletter
}

/**
 * A feed's three formats, for a page's head and body, in the page's language: feed readers send no cookie and ask for no language.
 * Without a name: the feed of all papers.
 */
export function feedLinks({ t, newsletter }: Page, name?: string, filter: FeedFilter = 'topic') {
  const locale = localeOfTexts(t)
  const named = locale === newsletter.languages[0] ? undefined : locale
  return [
    { type: 'application/rss+xml', format: 'RSS', path: '/feed.xml' },
    { type: 'application/atom+xml', format: 'Atom', path: '/feed.atom' },
    { type: 'application/feed+json', format: 'JSON Feed', path: '/feed.json' },
  ].map(({ type, format, path }) => ({
    type,
    name: format,
    href: inLanguage(name ? `${path}?${new URLSearchParams({ [filter]: name })}` : path, named),
  }))
}
