import type { Messages } from '../../messages/catalogue.ts'
import type { LinkName } from '../../papers/lists/links.ts'
import { paperPath } from '../../papers/paper-path.ts'
import { type ReasonFacts, reasonFor, votesAndReason } from '../../papers/ranking/reason.ts'
import { authorLine, readable, sentences } from '../../papers/readable.ts'
import type { Config } from '../../runtime/config/config.ts'

/** A paper of an edition before it is formatted: `title`, `abstract` and `summary` are the source's own. */
export interface CardPaper {
  paperId: number
  source: string
  sourceId: string
  position: number
  section: string
  title: string
  abstract: string
  summary: string | null
  authors: string[]
  organization: string | null
  /** the name of the curator who picked it */
  curator: string | null
  note: string | null
  votes: number | null
  comments: number | null
  /** the facts behind its reason */
  facts: ReasonFacts
  stars: number | null
  url: string | null
  pdfUrl: string | null
  codeUrl: string | null
  projectUrl: string | null
  discussionUrl: string | null
  withdrawn: boolean
}

/** Limits in characters. A longer URL gets no link; a summary fills about four lines on a phone. */
const MAX = { title: 300, byline: 240, summary: 320, note: 400, url: 400 }

/** Formats a paper for the templates: readable, within the limits, in one language. */
export function formatCard(
  paper: CardPaper,
  { PUBLIC_URL, COUNT_CLICKS }: Pick<Config, 'PUBLIC_URL' | 'COUNT_CLICKS'>,
  t: Messages,
) {
  const { digest } = t
  const page = PUBLIC_URL + paperPath({ ...paper, id: paper.paperId })
  const short = (text: string, characters: number) => sentences(readable(text), characters)
  const reachable = (link: LinkName, url: string | null) => {
    if (url === null || url.length > MAX.url) return null
    return COUNT_CLICKS ? `${PUBLIC_URL}/go/${paper.paperId}/${link}` : url
  }
  const links = [
    { label: digest.paper, url: reachable('paper', paper.url) },
    { label: digest.pdf, url: reachable('pdf', paper.pdfUrl) },
    {
      label: !paper.stars ? digest.code : `${digest.code} ★${shortCount(paper.stars, t)}`,
      url: reachable('code', paper.codeUrl),
    },
    { label: digest.project, url: reachable('project', paper.projectUrl) },
    { label: digest.discussion, url: reachable('discussion', paper.discussionUrl) },
    { label: digest.similar, url: `${page}#similar` },
  ]
  return {
    position: paper.position,
    title: short(paper.title, MAX.title),
    byline: sentences(
      [authorLine(paper.authors, t), readable(paper.organization ?? '')].filter(Boolean).join(' · '),
      MAX.byline,
    ),
    summary: short(paper.summary ?? paper.abstract, MAX.summary),
    note: paper.note === null ? null : short(paper.note, MAX.note),
    withdrawn: paper.withdrawn ? digest.withdrawn : null,
    reason: votesAndReason(paper.votes, reasonFor({ ...paper.facts, pickedBy: paper.curator }, t), t),
    url: reachable('paper', paper.url) ?? reachable('pdf', paper.pdfUrl),
    links: links.filter((link): link is { label: string; url: string } => link.url !== null),
    /** the template appends the reader's token */
    voteUrl: `${page}/vote/`,
  }
}

/** 987 → "987", 1240 → "1.2k". */
const shortCount = (n: number, { intl }: Messages): string =>
  n < 1000 ? String(n) : `${(n / 1000).toLocaleString(intl, { maximumFractionDigits: n < 9_950 ? 1 : 0 })}k`
