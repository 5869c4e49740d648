import { z } from 'zod'
import { dayOf } from '../../../calendar/days.ts'
import { arxivId, titleId } from '../../paper-id.ts'
import { authors, count, identifier, link, moment, nameOf, text, texts } from '../fields.ts'
import { arxivLinks, type BadEntry, type ListedPaper, toListedPaper } from '../listed-paper.ts'

const HfPaper = z.object({
  id: identifier,
  title: text,
  summary: text,
  ai_summary: text,
  ai_keywords: texts,
  authors,
  publishedAt: moment,
  submittedOnDailyAt: moment,
  submittedOnDailyBy: nameOf,
  upvotes: count,
  numComments: count,
  githubRepo: link,
  githubStars: count,
  projectPage: link,
  organization: nameOf,
})
const HfEntry = z.object({
  paper: HfPaper,
  title: text,
  summary: text,
  publishedAt: moment,
  numComments: count,
  submittedBy: nameOf,
  organization: nameOf,
  submitterOrganization: nameOf,
})

/** Whether an entry has the shape of Hugging Face's daily papers. Its fields may be invalid. */
export const isHfEntry = (raw: unknown): boolean =>
  typeof raw === 'object' && raw !== null && 'paper' in raw && typeof raw.paper === 'object' && raw.paper !== null

/**
 * Parses an entry of Hugging Face's daily papers. Its list day is the UTC date of `submittedOnDailyAt`.
 * @param position its position in the list, starting at 1
 * @param day list day to use instead
 */
export function parseHfEntry(raw: unknown, position: number, day?: string): ListedPaper | BadEntry {
  const parsed = HfEntry.safeParse(raw)
  if (!parsed.success) return { position, reason: 'is not an object with a "paper" in it' }
  const { paper, ...entry } = parsed.data
  const at = paper.submittedOnDailyAt
  const listDay = day ?? (at && dayOf(at))
  if (!listDay) return { position, reason: 'has no "submittedOnDailyAt". Add the list day with --date' }
  const title = paper.title ?? entry.title
  const id = paper.id && arxivId(paper.id)
  // Monthly replies write midnight when the hour is unknown.
  const hourKnown = at && dayOf(at) === listDay && at.getTime() % 86_400_000 !== 0
  return toListedPaper(raw, position, title, {
    ...(id
      ? { source: 'arxiv', sourceId: id, ...arxivLinks(id) }
      : { source: 'title', sourceId: titleId(title ?? '') }),
    abstract: paper.summary ?? entry.summary ?? '',
    summary: paper.ai_summary,
    summaryByAi: paper.ai_summary !== undefined,
    authors: paper.authors,
    organization: paper.organization ?? entry.organization ?? entry.submitterOrganization,
    submitter: entry.submittedBy ?? paper.submittedOnDailyBy,
    keywords: paper.ai_keywords,
    publishedAt: paper.publishedAt ?? entry.publishedAt,
    listDay,
    listedAt: hourKnown ? at : undefined,
    codeUrl: paper.githubRepo,
    projectUrl: paper.projectPage,
    votes: paper.upvotes,
    comments: entry.numComments ?? paper.numComments,
    stars: paper.githubStars,
  })
}
