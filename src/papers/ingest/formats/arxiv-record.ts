import { dayOf } from '../../../calendar/days.ts'
import { arxivName } from '../../paper-id.ts'
import { arxivLinks, type BadEntry, type ListedPaper, toListedPaper } from '../listed-paper.ts'
import { saysWithdrawn } from '../withdrawal.ts'

/** The fields of an arXiv format, not validated yet. */
export interface ArxivRecord {
  /** with or without version, alone or in a link */
  id: string | undefined
  title: string | undefined
  abstract: string | undefined
  authors: string[]
  /** primary first: cs.CL */
  categories: string[]
  comment?: string | undefined
  publishedAt?: Date | undefined
  /** only in announcements; a replacement updates a known paper and adds none */
  announceType?: string | undefined
  announcedAt?: Date | undefined
  withdrawn?: boolean | undefined
  version?: number | undefined
}

/**
 * Returns the paper of a record. Its list day is `day`, or else the day of its announcement or first submission.
 *
 * @param position its position in the list, starting at 1
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
  if (!listDay) return { position, reason: 'has no date. Add its list day with --date' }
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
