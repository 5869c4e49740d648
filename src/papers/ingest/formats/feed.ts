import { dayOf } from '../../../calendar/days.ts'
import { doiName, doiUrl } from '../../doi.ts'
import { textOfHtml } from '../../markup.ts'
import { arxivName, titleId } from '../../paper-id.ts'
import { authorNames } from '../authors.ts'
import { link as webLink } from '../fields.ts'
import { arxivLinks, type BadEntry, type ListedPaper, toListedPaper } from '../listed-paper.ts'
import { saysWithdrawn } from '../withdrawal.ts'
import { all, attribute, type Element, instantOf, isElement, parseXml, textOf } from './xml.ts'

export interface Feed {
  papers: ListedPaper[]
  /** invalid entries, such as news without a title */
  bad: BadEntry[]
}

/**
 * Parses the feed of a journal or preprint server: RSS 1.0 (bioRxiv, medRxiv), RSS 2.0 (PubMed, JMLR) or Atom, with the elements of
 * Dublin Core and PRISM. A paper is identified by its arXiv id, else its DOI, else its title. Its list day is that of its entry.
 *
 * @param fallbackDay the list day of an entry without a date
 * @returns undefined for other texts
 */
export function parseFeed(text: string, fallbackDay: string): Feed | undefined {
  const entries = entriesOf(parseXml(text))
  if (!entries) return undefined
  const parsed = entries.map((entry, index) => parseEntry(entry, index + 1, fallbackDay))
  return {
    papers: parsed.filter((each): each is ListedPaper => !('reason' in each)),
    bad: parsed.filter((each): each is BadEntry => 'reason' in each),
  }
}

function entriesOf(document: Element | undefined): unknown[] | undefined {
  const rdf = document?.['rdf:RDF']
  const channel = isElement(document?.rss) ? document.rss.channel : undefined
  if (isElement(rdf)) return all(rdf, 'item')
  if (isElement(channel)) return all(channel, 'item')
  return isElement(document?.feed) ? all(document.feed, 'entry') : undefined
}

function parseEntry(entry: unknown, position: number, fallbackDay: string): ListedPaper | BadEntry {
  if (!isElement(entry)) return { position, reason: 'is empty' }
  const html = textOf(entry.title) ?? textOf(entry['dc:title'])
  const title = html && textOfHtml(html)
  const publishedAt = firstInstant(entry, ['prism:publicationDate', 'dc:date', 'published', 'pubDate', 'updated'])
  const enteredAt = firstInstant(entry, ['pubDate', 'published', 'dc:date', 'prism:publicationDate', 'updated'])
  const abstract = abstractOf(entry)
  return toListedPaper(entry, position, title, {
    ...identityOf(entry, title ?? ''),
    abstract,
    withdrawn: saysWithdrawn({ title, abstract }),
    authors: authorsOf(entry),
    keywords: textsOf(entry, ['category', 'dc:subject'], 'term').map(textOfHtml),
    publishedAt,
    listDay: enteredAt ? dayOf(enteredAt) : fallbackDay,
    listedAt: enteredAt,
  })
}

/** The texts of all elements with these names, or of one of their attributes. */
const textsOf = (entry: Element, names: readonly string[], attributeName?: string): string[] =>
  names
    .flatMap((name) => all(entry, name))
    .map((each) => (attributeName && attribute(each, attributeName)) || textOf(each))
    .filter((each) => each !== undefined)

const firstInstant = (entry: Element, names: readonly string[]): Date | undefined =>
  names.map((name) => instantOf(all(entry, name)[0])).find((at) => at !== undefined)

function identityOf(entry: Element, title: string) {
  const link = linkOf(entry)
  const named = [...textsOf(entry, ['dc:identifier', 'prism:doi', 'guid', 'id']), ...(link ? [link] : [])]
  const arxiv = named.map((name) => arxivName(name)).find((name) => name !== undefined)
  if (arxiv) return { source: 'arxiv' as const, sourceId: arxiv.id, version: arxiv.version, ...arxivLinks(arxiv.id) }
  const doi = named.map((name) => doiName(name)).find((name) => name !== undefined)
  const url = link === undefined ? undefined : webLink.parse(link)
  if (!doi) return { source: 'title' as const, sourceId: titleId(title), url }
  const server = /\b(biorxiv|medrxiv)\.org\//.exec(link ?? '')?.[1]
  // Of bioRxiv and medRxiv, only the link has the version.
  const version = doi.version ?? (server ? Number(/v(\d{1,3})(?=[.?]|$)/.exec(link ?? '')?.[1] ?? 1) : undefined)
  return {
    source: 'doi' as const,
    sourceId: doi.id,
    url: doiUrl(doi.registered),
    ...(version === undefined ? {} : { version, revision: version > 1 }),
    ...(server ? { pdfUrl: `https://www.${server}.org/content/${doi.id}v${version}.full.pdf` } : {}),
  }
}

/** RSS has a text, Atom an attribute. */
function linkOf(entry: Element): string | undefined {
  const links = all(entry, 'link')
  const alternate = links.find((each) => ['alternate', undefined].includes(attribute(each, 'rel')))
  return attribute(alternate, 'href') ?? textOf(alternate) ?? attribute(entry, 'rdf:about')
}

/** PubMed's content has the journal's line above the abstract, and identifiers below it. */
const PUBMED = /<b>\s*ABSTRACT\s*<\/b>\s*<\/p>([\s\S]*?)(?:<p[^<>]*>\s*PMID:|$)/i

function abstractOf(entry: Element): string {
  const [content] = textsOf(entry, ['content:encoded', 'description', 'summary', 'content'])
  return content ? textOfHtml(PUBMED.exec(content)?.[1] ?? content) : ''
}

function authorsOf(entry: Element): string[] {
  const creators = textsOf(entry, ['dc:creator'])
  // Atom has elements; RSS has a text, which may be an address with the name in brackets.
  const named = all(entry, 'author').map((author) =>
    isElement(author) && author.name !== undefined
      ? textOf(author.name)
      : textOf(author)?.replace(/^[^\s@(]+@[^\s@(]+\s*\((.+)\)$/, '$1'),
  )
  const names = (creators.length > 0 ? creators : named.filter((name) => name !== undefined)).map(textOfHtml)
  return authorNames(names.length === 1 ? names[0]! : names)
}
