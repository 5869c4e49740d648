import { generateAtomFeed, generateJsonFeed, generateRssFeed } from 'feedsmith'
import { escapeHtml } from '../../lib/escape-html.ts'
import { langAttribute, languageOf } from '../../lib/source-language.ts'
import { xmlSafe } from '../../lib/xml-safe.ts'
import type { Messages } from '../../messages/en.ts'
import type { ListedRow } from '../../papers/lists/listed-rows.ts'
import { paperPath } from '../../papers/paper-path.ts'
import { reasonFor, votesAndReason } from '../../papers/ranking/reason.ts'
import { isWebUrl } from '../pages/paper-item.ts'

/** A feed's papers and metadata. */
export interface FeedContent {
  t: Messages
  publicUrl: string
  /** the newsletter's name */
  newsletter: string
  /** the feed's own path */
  path: string
  /** path of the page that has this feed */
  home: string
  /** the feed's title */
  title: string
  /** what the feed holds */
  description: string
  /** returns a topic's name */
  nameOf: (slug: string) => string
  papers: readonly ListedRow[]
  /** when a paper entered the feeds */
  since: (paper: ListedRow) => Date
  /** when the newest list closed: the feed's date while it is empty */
  closedAt: Date
}

/** Papers of large experiments have thousands of authors, which would be most of the feed. */
const MOST_NAMES = 30

/** RSS 2.0 (rssboard.org/rss-specification) with dc:creator, since RSS's own author is an address. */
export function rssDocument(feed: FeedContent): string {
  const { t, publicUrl } = feed
  return xmlOf(
    generateRssFeed({
      ...heading(feed),
      link: publicUrl + feed.home,
      language: t.lang,
      generator: feed.newsletter,
      lastBuildDate: updated(feed),
      atom: { links: [{ href: publicUrl + feed.path, rel: 'self', type: 'application/rss+xml' }] },
      items: feed.papers.map((paper) => ({
        title: escapeHtml(paper.title),
        link: publicUrl + paperPath(paper),
        guid: { value: publicUrl + paperPath(paper), isPermaLink: true },
        description: bodyHtml(paper, t),
        pubDate: feed.since(paper),
        categories: paper.topics.map((slug) => ({ name: feed.nameOf(slug) })),
        ...(isWebUrl(paper.discussionUrl) ? { comments: paper.discussionUrl } : {}),
        dc: { creators: names(paper) },
      })),
    }),
  )
}

/** Atom 1.0 (RFC 4287). */
export function atomDocument(feed: FeedContent): string {
  const { t, publicUrl } = feed
  const { title, description } = heading(feed)
  return xmlOf(
    generateAtomFeed({
      id: publicUrl + feed.path,
      xml: { lang: t.lang },
      title: { value: title },
      subtitle: { value: description },
      updated: updated(feed),
      authors: [{ name: feed.newsletter, uri: publicUrl }],
      generator: { text: feed.newsletter, uri: publicUrl },
      links: [
        { href: publicUrl + feed.path, rel: 'self', type: 'application/atom+xml' },
        { href: publicUrl + feed.home, rel: 'alternate', type: 'text/html' },
      ],
      entries: feed.papers.map((paper) => ({
        id: publicUrl + paperPath(paper),
        title: { value: paper.title, ...inSourceLanguage(paper.title) },
        updated: feed.since(paper),
        published: feed.since(paper),
        authors: names(paper).map((name) => ({ name })),
        links: [
          { href: publicUrl + paperPath(paper), rel: 'alternate', type: 'text/html' },
          ...(isWebUrl(paper.url) ? [{ href: paper.url, rel: 'related' }] : []),
        ],
        categories: paper.topics.map((slug) => ({ term: slug, label: feed.nameOf(slug) })),
        content: { type: 'html', value: bodyHtml(paper, t) },
      })),
    }),
  )
}

/** JSON Feed 1.1 (jsonfeed.org/version/1.1). */
export function jsonDocument(feed: FeedContent): string {
  const { t, publicUrl } = feed
  const document = generateJsonFeed({
    ...heading(feed),
    home_page_url: publicUrl + feed.home,
    feed_url: publicUrl + feed.path,
    language: t.lang,
    authors: [{ name: feed.newsletter, url: publicUrl }],
    items: feed.papers.map((paper) => ({
      id: publicUrl + paperPath(paper),
      url: publicUrl + paperPath(paper),
      ...(isWebUrl(paper.url) ? { external_url: paper.url } : {}),
      title: paper.title,
      content_html: bodyHtml(paper, t),
      date_published: feed.since(paper),
      authors: names(paper).map((name) => ({ name })),
      tags: paper.topics.map(feed.nameOf),
    })),
  }) as object
  // The generator omits an empty array, but JSON Feed requires `items`.
  return JSON.stringify({ items: [], ...document })
}

/**
 * Returns a document as it may be sent. The generator sets a text with markup or `&` on a line of its own, but RFC 4287 § 2 allows no
 * space around an IRI.
 */
const xmlOf = (generated: string): string =>
  xmlSafe(generated.replaceAll(/>\s+<!\[CDATA\[/g, '><![CDATA[').replaceAll(/\]\]>\s+<\//g, ']]></'))

const heading = ({ title, description }: FeedContent) => ({ title, description })

const updated = ({ papers, since, closedAt }: FeedContent): Date =>
  papers.length === 0 ? closedAt : new Date(Math.max(...papers.map((paper) => since(paper).getTime())))

const names = (paper: ListedRow): string[] => paper.authors.slice(0, MOST_NAMES)

const summaryLabel = ({ aiSummary }: ListedRow, t: Messages): string =>
  aiSummary ? `<strong>${t.paper.aiSummary}:</strong> ` : ''

const inSourceLanguage = (title: string) => {
  const lang = languageOf(title)
  return lang && { xml: { lang } }
}

function summaryHtml({ summary }: ListedRow, t: Messages): string {
  const lang = langAttribute(summary, t.lang)
  return lang ? `<span${lang}>${escapeHtml(summary)}</span>` : escapeHtml(summary)
}

/** Feed readers render this as HTML. Escape source text here; the feed format then escapes the markup again. */
function bodyHtml(paper: ListedRow, t: Messages): string {
  const reason = votesAndReason(paper.votes, reasonFor(paper, t), t)
  const links = [
    { label: t.paper.pdf, url: paper.pdfUrl },
    { label: t.paper.code, url: paper.codeUrl },
  ].filter((link) => isWebUrl(link.url))
  return [
    reason && `<p><em>${escapeHtml(reason)}</em></p>`,
    paper.summary && `<p>${summaryLabel(paper, t)}${summaryHtml(paper, t)}</p>`,
    links.length > 0 &&
      `<p>${links.map(({ label, url }) => `<a href="${escapeHtml(url!)}">${label}</a>`).join(' · ')}</p>`,
  ]
    .filter(Boolean)
    .join('\n')
}
