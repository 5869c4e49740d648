import { authorNames } from '../authors.ts'
import type { BadEntry, ListedPaper } from '../listed-paper.ts'
import { type ArxivRecord, paperOf } from './arxiv-record.ts'
import { all, attribute, type Element, instantOf, isElement, parseXml, textOf } from './xml.ts'

/** The parsed entries of an arXiv feed. */
export interface ArxivFeed {
  papers: ListedPaper[]
  bad: BadEntry[]
  /** for a query: the number of results, of which this is one page */
  total?: number | undefined
}

/**
 * Parses an arXiv feed: the Atom reply of its query API (info.arxiv.org/help/api), or the day's announcements as Atom or
 * RSS (info.arxiv.org/help/rss).
 *
 * @param day list day of every paper; defaults to the day of its announcement or submission
 * @returns undefined for other texts
 */
export function parseArxivFeed(text: string, day?: string): ArxivFeed | undefined {
  const document = parseXml(text)
  const feed = document?.feed
  const channel = isElement(document?.rss) ? document.rss.channel : undefined
  if (isElement(feed)) {
    const parsed = all(feed, 'entry').map((entry, index) => parseEntry(entry, index + 1, day))
    const total = Number(textOf(feed['opensearch:totalResults']))
    return { ...separate(parsed), total: Number.isInteger(total) ? total : undefined }
  }
  if (isElement(channel)) return separate(all(channel, 'item').map((item, index) => parseItem(item, index + 1, day)))
  return undefined
}

const separate = (parsed: (ListedPaper | BadEntry)[]) => ({
  papers: parsed.filter((each): each is ListedPaper => !('reason' in each)),
  bad: parsed.filter((each): each is BadEntry => 'reason' in each),
})

function parseEntry(entry: unknown, position: number, day: string | undefined): ListedPaper | BadEntry {
  if (!isElement(entry)) return { position, reason: 'is empty' }
  const title = textOf(entry.title)
  const id = textOf(entry.id)
  if (title === 'Error' && id?.includes('/api/errors'))
    return {
      position,
      reason: `is an error from arXiv: ${textOf(entry.summary) ?? 'no details'}`,
    }
  const announceType = textOf(entry['arxiv:announce_type'])
  const publishedAt = instantOf(entry.published)
  return paperOf(
    {
      id,
      title,
      ...abstractOf(textOf(entry.summary)),
      authors: entry.author === undefined ? creatorsOf(entry) : namesOf(entry),
      categories: categoriesOf(entry),
      comment: textOf(entry['arxiv:comment']),
      ...(announceType ? { announceType, announcedAt: publishedAt } : { publishedAt }),
    },
    entry,
    position,
    day,
  )
}

function parseItem(item: unknown, position: number, day: string | undefined): ListedPaper | BadEntry {
  if (!isElement(item)) return { position, reason: 'is empty' }
  const guid = textOf(item.guid)
  return paperOf(
    {
      id: guid?.startsWith('oai:') ? guid : textOf(item.link),
      title: textOf(item.title),
      ...abstractOf(textOf(item.description)),
      authors: creatorsOf(item),
      categories: all(item, 'category')
        .map(textOf)
        .filter((each) => each !== undefined),
      announceType: textOf(item['arxiv:announce_type']),
      announcedAt: instantOf(item.pubDate),
    },
    item,
    position,
    day,
  )
}

/** Announcements start with "arXiv:2508.13426v1 Announce Type: cross" and put "Abstract:" before the abstract. */
const abstractOf = (summary: string | undefined): Pick<ArxivRecord, 'abstract'> => ({
  abstract: summary?.replace(/^arXiv:\S+\s+Announce Type:\s*\S+\s+Abstract:\s*/i, ''),
})

const namesOf = (entry: Element): string[] =>
  authorNames(
    all(entry, 'author')
      .map((author) => (isElement(author) ? textOf(author.name) : undefined))
      .filter((name) => name !== undefined),
  )

/** Accepts one line with all names, or one element per name. */
function creatorsOf(element: Element): string[] {
  const creators = all(element, 'dc:creator')
    .map(textOf)
    .filter((creator) => creator !== undefined)
  return authorNames(creators.length === 1 ? creators[0]! : creators)
}

function categoriesOf(entry: Element): string[] {
  const primary = attribute(entry['arxiv:primary_category'], 'term')
  const terms = all(entry, 'category').map((category) => attribute(category, 'term'))
  return [...new Set([primary, ...terms].filter((term) => term !== undefined))]
}
