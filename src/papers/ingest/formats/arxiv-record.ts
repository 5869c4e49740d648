import { dayOf } from '../../../calendar/days.ts'
import { arxivName } from '../../paper-id.ts'
import { arxivLinks, type BadEntry, type ListedPaper, toListedPaper } from '../listed-paper.ts'
import { saysWithdrawn } from '../withdrawal.ts'

/** What one of arXiv's formats says of a paper, before it is known to be one. */
export interface ArxivRecord {
  /** with or without version, bare or in a link */
  id: string | undefined
  title: string | undefined
  abstract: string | undefined
  authors: string[]
  /** primary first: cs.CL */
  categories: string[]
  comment?: string | undefined
  publishedAt?: Date | undefined
  /** where the format announces: replacements refresh what is known and put nothing on a list */
  announceType?: string | undefined
  announcedAt?: Date | undefined
  withdrawn?: boolean | undefined
  version?: number | undefined
}

/**
 * The paper of a record. It is on the list of `day`, else of the day it was announced on, else of the day it was first submitted.
 *
 * @param position its place in the list, from 1
 */
export function paperOf(
  record: ArxivRecord,
  raw: unknown,
  position: number,
  day: string | undefined,
): ListedPaper | BadEntry {
  const name = record.id ? arxivName(record.id) : undefined
  if (!name) return { position, reason: `has no arXiv id${record.id ? `: "${record.id.slice(0, 60)}"` : ''}` }
  const moment = record.announcedAt ?? record.publishedAt
  const listDay = day ?? (moment && dayOf(moment))
  if (!listDay) return { position, reason: 'has no date; give its list day with --date' }
  return toListedPaper(raw, position, record.title, {
    source: 'arxiv',
    sourceId: name.id,
    ...arxivLinks(name.id),
    abstract: record.abstract ?? '',
    authors: record.authors,
    keywords: [],
    categories: record.categories,
    publishedAt: record.publishedAt,
    listDay,
    announced: true,
    revision: record.announceType?.startsWith('replace') ?? false,
    version: record.version ?? name.version,
    withdrawn: record.withdrawn ?? saysWithdrawn(record),
  })
}
