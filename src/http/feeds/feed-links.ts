/** A feed's three formats, for a page's head and body. */
export const feedLinks = (topic?: string) =>
  [
    { type: 'application/rss+xml', name: 'RSS', path: '/feed.xml' },
    { type: 'application/atom+xml', name: 'Atom', path: '/feed.atom' },
    { type: 'application/feed+json', name: 'JSON Feed', path: '/feed.json' },
  ].map(({ type, name, path }) => ({ type, name, href: topic ? `${path}?topic=${encodeURIComponent(topic)}` : path }))
