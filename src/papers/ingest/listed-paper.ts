import { safeJson } from '../../lib/postgres-safe.ts'
import { findExceededLimit } from './limits.ts'

/** A paper as a list had it. Absent means that the source did not say. */
export interface ListedPaper {
  source: 'arxiv' | 'title'
  sourceId: string
  title: string
  abstract: string
  summary?: string | undefined
  authors: string[]
  organization?: string | undefined
  submitter?: string | undefined
  keywords: string[]
  /** arXiv's, the primary one first: cs.CL */
  categories?: string[] | undefined
  publishedAt?: Date | undefined
  listDay: string
  listedAt?: Date | undefined
  listPosition: number
  url?: string | undefined
  pdfUrl?: string | undefined
  codeUrl?: string | undefined
  projectUrl?: string | undefined
  votes?: number | undefined
  comments?: number | undefined
  stars?: number | undefined
  sample?: boolean
  /** arXiv's own word that there is such a paper, not a place on the community's list */
  announced?: boolean
  /** a new version or withdrawal of a paper: it refreshes what is known and puts nothing on a list */
  revision?: boolean
  version?: number | undefined
  withdrawn?: boolean
  /** the entry whole, as `jsonb` can hold it */
  raw: unknown
}

/** An entry that is no paper: its place in the list, from 1, and why. */
export interface BadEntry {
  position: number
  reason: string
}

export const isBad = (parsed: ListedPaper | BadEntry): parsed is BadEntry => 'reason' in parsed

/** The longest real title has 206 characters, the longest real abstract under 3,000. */
const LONGEST_TITLE = 1_000
const LONGEST_ABSTRACT = 50_000

export const arxivLinks = (id: string) => ({
  url: `https://arxiv.org/abs/${id}`,
  pdfUrl: `https://arxiv.org/pdf/${id}`,
})

type Facts = Omit<ListedPaper, 'title' | 'listPosition' | 'raw'>

/** A paper of these facts, or what is wrong with the entry they are from. */
export function toListedPaper(
  raw: unknown,
  position: number,
  title: string | undefined,
  facts: Facts,
): ListedPaper | BadEntry {
  if (!title) return { position, reason: 'has no title' }
  if (title.length > LONGEST_TITLE) return { position, reason: `has a title of ${title.length} characters` }
  if (facts.abstract.length > LONGEST_ABSTRACT)
    return { position, reason: `has an abstract of ${facts.abstract.length} characters` }
  try {
    const kept = safeJson(raw)
    const reason = findExceededLimit({ ...facts, raw: JSON.stringify(kept) })
    return reason ? { position, reason } : { ...facts, title, listPosition: position, raw: kept }
  } catch (error) {
    if (error instanceof RangeError) return { position, reason: error.message }
    throw error
  }
}
