import { shortCount } from '../../calendar/words.ts'
import { isolated } from '../../lib/isolated.ts'
import type { Messages } from '../../messages/en.ts'
import type { ListedRow } from '../../papers/lists/listed-rows.ts'
import { paperPath } from '../../papers/paper-path.ts'
import { reasonFor } from '../../papers/ranking/reason.ts'
import { authorLine, sentences } from '../../papers/readable.ts'
import type { Judged } from '../../papers/votes/judged.ts'
import { richText } from '../kit/rich-text.ts'
import { organizationHref } from './people-paths.ts'
import { pictureOf } from './thumbnails.ts'

/** Three lines of a desktop. The style sheet cuts nothing, so that wider text spacing hides no word. */
const SUMMARY_CHARACTERS = 210

/** The first comment is usually the submitter's. */
const COMMENTS_WORTH_A_LINK = 2

/** Context of a page that shows papers. */
export interface Shown extends Judged {
  t: Messages
  /** the page's path, to return to after a vote or a save */
  path: string
}

/** A paper in a list, for templates/pages/papers.eta. */
export function paperItem(paper: ListedRow, { t, voted, saved, path }: Shown) {
  return {
    id: paper.id,
    title: paper.title,
    titleHtml: richText(paper.titleSource),
    href: paperPath(paper),
    byline: authorLine(paper.authors, t),
    organization: paper.organization && { name: paper.organization, href: organizationHref(paper.organization) },
    links: paperLinks(paper, t),
    summary: sentences(paper.summary, SUMMARY_CHARACTERS),
    aiSummary: paper.aiSummary,
    vote: voteButton(paper, { t, voted: voted.has(paper.id), back: `${path}#p${paper.id}` }),
    save: saveButton(paper, { saved: saved.has(paper.id), back: `${path}#p${paper.id}` }),
    reason: reasonFor(paper, t),
    picked: paper.picked,
    picture: pictureOf(paper, 'small'),
  }
}

/** A paper in one line, for templates/pages/paper-lines.eta. */
export const paperLine = (paper: ListedRow, rank: number, { t, voted, path }: Shown) => ({
  id: paper.id,
  rank,
  title: paper.title,
  titleHtml: richText(paper.titleSource),
  href: paperPath(paper),
  byline: [authorLine(paper.authors, t, 2), isolated(paper.organization ?? '')].filter(Boolean).join('\u00a0· '),
  vote: voteButton(paper, { t, voted: voted.has(paper.id), back: `${path}#p${paper.id}` }),
})

/** ▲ above the number of votes, for templates/pages/vote-button.eta. */
export const voteButton = (
  paper: Pick<ListedRow, 'id' | 'source' | 'sourceId' | 'title' | 'votes'>,
  { t, voted, back }: { t: Messages; voted: boolean; back: string },
) => ({
  action: `${paperPath(paper)}/vote${voted ? '/undo' : ''}`,
  back,
  voted,
  count: paper.votes ? paper.votes.toLocaleString(t.intl) : '',
  says: [paper.votes ? t.paper.votes(paper.votes) : '', (voted ? t.paper.undoFor : t.paper.voteFor)(paper.title)]
    .filter(Boolean)
    .join(t.punctuation.stop + t.punctuation.space),
})

/** Save, or Saved to undo it, for templates/pages/save-button.eta. */
export const saveButton = (
  paper: Pick<ListedRow, 'source' | 'sourceId' | 'id' | 'title'>,
  { saved, back }: { saved: boolean; back: string },
) => ({ action: `${paperPath(paper)}/save${saved ? '/undo' : ''}`, back, saved, title: paper.title })

/** Links to the paper on other sites. */
function paperLinks(paper: ListedRow, t: Messages): { label: string; url: string }[] {
  const links = [
    { label: t.paper.pdf, url: paper.pdfUrl },
    { label: !paper.stars ? t.paper.code : `${t.paper.code} ★${shortCount(paper.stars, t.intl)}`, url: paper.codeUrl },
    { label: t.paper.project, url: paper.projectUrl },
    {
      label: (paper.comments ?? 0) >= COMMENTS_WORTH_A_LINK ? t.paper.comments(paper.comments!) : '',
      url: paper.discussionUrl,
    },
  ]
  return links.flatMap(({ label, url }) => (label !== '' && isWebUrl(url) ? [{ label, url }] : []))
}

/** Links come from sources, so a page must check that they are web links. */
export const isWebUrl = (url: string | undefined): url is string => url !== undefined && /^https?:\/\//i.test(url)
