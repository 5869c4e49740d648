import { z } from 'zod'
import { dayOf, isDay } from '../../../calendar/days.ts'
import { type DoiName, doiName, doiUrl } from '../../doi.ts'
import { arxivId, titleId } from '../../paper-id.ts'
import { authors, count, identifier, link, moment, text, texts } from '../fields.ts'
import { arxivLinks, type BadEntry, type ListedPaper, toListedPaper } from '../listed-paper.ts'

const PlainEntry = z.object({
  id: identifier,
  date: text,
  title: text,
  abstract: text,
  summary: text,
  authors,
  organization: text,
  keywords: texts,
  categories: texts,
  published_at: moment,
  listed_at: moment,
  url: link,
  pdf_url: link,
  code_url: link,
  project_url: link,
  votes: count,
  comments: count,
  stars: count,
})

const identityOf = (id: string | undefined, doi: DoiName | undefined, title: string) =>
  id !== undefined
    ? { source: 'arxiv' as const, sourceId: id }
    : doi !== undefined
      ? { source: 'doi' as const, sourceId: doi.id, version: doi.version }
      : { source: 'title' as const, sourceId: titleId(title) }

/**
 * A record of our own format: {title, abstract, authors?, date?, url?, votes?, …}, as docs/commands.md lists its fields. Its id is the
 * arXiv id in `id` or `url`, else a DOI there, else its title.
 *
 * @param position its position in the list, starting at 1
 * @param day its list day; defaults to the record's own `date`
 */
export function parsePlainEntry(raw: unknown, position: number, day?: string): ListedPaper | BadEntry {
  const parsed = PlainEntry.safeParse(raw)
  if (!parsed.success) return { position, reason: 'is not an object with a title' }
  const { id: given, date, title, abstract, summary, url, ...facts } = parsed.data
  if (!day && date && !isDay(date))
    return { position, reason: `has the date "${date.slice(0, 40)}", which is not a day` }
  const listDay = day ?? date ?? (facts.listed_at && dayOf(facts.listed_at))
  if (!listDay) return { position, reason: 'has no list day. Add it with --date' }
  const named = [given, url].filter((each) => each !== undefined)
  const id = named.map(arxivId).find((each) => each !== undefined)
  const doi = named.map(doiName).find((each) => each !== undefined)
  const links = {
    url: url ?? (doi && doiUrl(doi.registered)),
    pdfUrl: facts.pdf_url,
    codeUrl: facts.code_url,
    projectUrl: facts.project_url,
  }
  return toListedPaper(raw, position, title, {
    ...identityOf(id, doi, title ?? ''),
    abstract: abstract ?? summary ?? '',
    summary: abstract ? summary : undefined,
    authors: facts.authors,
    organization: facts.organization,
    keywords: facts.keywords,
    categories: facts.categories,
    publishedAt: facts.published_at,
    listDay,
    listedAt: facts.listed_at && dayOf(facts.listed_at) === listDay ? facts.listed_at : undefined,
    ...(id ? { ...links, ...arxivLinks(id) } : links),
    votes: facts.votes,
    comments: facts.comments,
    stars: facts.stars,
  })
}
