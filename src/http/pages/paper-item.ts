import { shortCount } from '../../calendar/words.ts'
import type { Messages } from '../../messages/en.ts'
import type { ListedRow } from '../../papers/lists/listed-rows.ts'
import { paperPath } from '../../papers/paper-path.ts'
import { reasonFor } from '../../papers/ranking/reason.ts'
import { authorLine, sentences } from '../../papers/readable.ts'

/** Two lines of a page with room to spare; the style sheet cuts at the line. */
const SUMMARY_CHARACTERS = 230

/** The first comment is mostly the submitter's own. */
const COMMENTS_WORTH_A_LINK = 2

/** A page that shows papers. */
export interface Shown {
  t: Messages
  /** which of the papers the reader voted for */
  voted: ReadonlySet<number>
  /** where the page is, for coming back to it after a vote */
  path: string
}

/** A paper as templates/pages/papers.eta shows it in a list. */
export function paperItem(paper: ListedRow, { t, voted, path }: Shown) {
  return {
    id: paper.id,
    title: paper.title,
    href: paperPath(paper),
    byline: [authorLine(paper.authors, t), paper.organization].filter(Boolean).join(' · '),
    links: paperLinks(paper, t),
    summary: sentences(paper.summary, SUMMARY_CHARACTERS),
    vote: voteButton(paper, { t, voted: voted.has(paper.id), back: `${path}#p${paper.id}` }),
    reason: reasonFor(paper, t),
    picked: paper.picked,
  }
}

/** ▲ over the number, as templates/pages/vote-button.eta shows it. */
export const voteButton = (
  paper: Pick<ListedRow, 'id' | 'source' | 'sourceId' | 'title' | 'votes'>,
  { t, voted, back }: { t: Messages; voted: boolean; back: string },
) => ({
  action: `${paperPath(paper)}/vote${voted ? '/undo' : ''}`,
  back,
  voted,
  count: paper.votes?.toLocaleString(t.intl),
  says: [
    paper.votes === undefined ? '' : t.paper.votes(paper.votes),
    (voted ? t.paper.undoFor : t.paper.voteFor)(paper.title),
  ]
    .filter(Boolean)
    .join('. '),
})

/** Where the paper is elsewhere, as far as it is on the web. */
export function paperLinks(paper: ListedRow, t: Messages): { label: string; url: string }[] {
  const links = [
    { label: t.paper.pdf, url: paper.pdfUrl },
    { label: !paper.stars ? t.paper.code : `${t.paper.code} ★${shortCount(paper.stars)}`, url: paper.codeUrl },
    { label: t.paper.project, url: paper.projectUrl },
    {
      label: (paper.comments ?? 0) >= COMMENTS_WORTH_A_LINK ? t.paper.comments(paper.comments!) : '',
      url: paper.discussionUrl,
    },
  ]
  return links.flatMap(({ label, url }) => (label !== '' && isWebUrl(url) ? [{ label, url }] : []))
}

/** Links come from sources; whatever got into the tables, a page links to the web only. */
export const isWebUrl = (url: string | undefined): url is string => url !== undefined && /^https?:\/\//i.test(url)
