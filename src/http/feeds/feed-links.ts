/** What a feed may be limited to. */
export type FeedFilter = 'topic' | 'author' | 'organisation'

/** A feed's three formats, for a page's head and body. Without a name: the feed of all papers. */
export const feedLinks = (name?: string, filter: FeedFilter = 'topic') =>
  [
    { type: 'application/rss+xml', format: 'RSS', path: '/feed.xml' },
    { type: 'application/atom+xml', format: 'Atom', path: '/feed.atom' },
    { type: 'application/feed+json', format: 'JSON Feed', path: '/feed.json' },
  ].map(({ type, format, path }) => ({
    type,
    name: format,
    href: name ? `${path}?${filter}=${encodeURIComponent(name)}` : path,
  }))
