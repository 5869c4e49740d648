import { safeJson } from '../../lib/postgres-safe.ts'
import { readable } from '../readable.ts'
import { findExceededLimit } from './limits.ts'

/** A paper in a source's list. Absent fields are missing in the source. */
export interface ListedPaper {
  source: 'arxiv' | 'doi' | 'title'
  sourceId: string
  title: string
  abstract: string
  summary?: string | undefined
  /** a language model wrote the summary */
  summaryByAi?: boolean
  authors: string[]
  organization?: string | undefined
  submitter?: string | undefined
  keywords: string[]
  /** arXiv categories such as cs.CL, the primary one first */
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
  /** of its source, where no community votes; default 1 */
  weight?: number
  /** announced by arXiv; not on the community's list */
  announced?: boolean
  /** a new version or withdrawal: it updates a known paper and adds none */
  revision?: boolean
  version?: number | undefined
  withdrawn?: boolean
  /** the whole entry, safe for `jsonb` */
  raw: unknown
}

/** An invalid entry: its position in the list, starting at 1, and the reason. */
export interface BadEntry {
  position: number
  reason: string
}

export const isBad = (parsed: ListedPaper | BadEntry): parsed is BadEntry => 'reason' in parsed

/** The longest real title has 206 characters, and the longest real abstract has under 3,000. */
const LONGEST_TITLE = 1_000
const LONGEST_ABSTRACT = 50_000
/** The longest real DOIs have some 100 characters. PostgreSQL refuses to index 2,700 bytes, and with them the whole list. */
const LONGEST_ID = 300

export const arxivLinks = (id: string) => ({
  url: `https://arxiv.org/abs/${id}`,
  pdfUrl: `https://arxiv.org/pdf/${id}`,
})

type Facts = Omit<ListedPaper, 'title' | 'listPosition' | 'raw'>

/** Whether anything of a text is shown: not of "{}" or a zero-width space. */
const isShown = (text: string): boolean => readable(text) !== ''

/** Validates an entry. Returns the paper, or the reason why the entry is invalid. */
export function toListedPaper(
  raw: unknown,
  position: number,
  title: string | undefined,
  facts: Facts,
): ListedPaper | BadEntry {
  if (!title || !isShown(title)) return { position, reason: 'has no title' }
  if (title.length > LONGEST_TITLE) return { position, reason: `has a title of ${title.length} characters` }
  if (facts.abstract.length > LONGEST_ABSTRACT)
    return { position, reason: `has an abstract of ${facts.abstract.length} characters` }
  if (facts.sourceId.length > LONGEST_ID)
    return { position, reason: `has an id of ${facts.sourceId.length} characters` }
  try {
    const safe = safeJson(raw)
    const reason = findExceededLimit({ ...facts, raw: JSON.stringify(safe) })
    if (reason) return { position, reason }
    const [authors, keywords] = [facts.authors.filter(isShown), facts.keywords.filter(isShown)]
    return { ...facts, authors, keywords, title, listPosition: position, raw: safe }
  } catch (error) {
    if (error instanceof RangeError) return { position, reason: error.message }
    throw error
  }
}
