import { type ListedRow, readListed } from '../../papers/lists/listed-rows.ts'
import { findPublicPaper } from '../../papers/lists/paper.ts'
import { type PaperKey, paperPath } from '../../papers/paper-path.ts'
import { paperNotFound } from '../../papers/votes/cast.ts'
import type { Services } from '../../runtime/services.ts'
import { isWebUrl } from '../pages/paper-item.ts'

/** What a reader may do with a paper, as in the paths of its pages. */
export const JUDGEMENTS = ['vote', 'save', 'not-interested', 'more-like'] as const

export type Judgement = (typeof JUDGEMENTS)[number]

/** Finds the paper that a path names. @throws PaperboyError PAPER_NOT_FOUND */
export async function findNamed(services: Pick<Services, 'db' | 'now'>, name: string): Promise<PaperKey> {
  const paper = await findPublicPaper(services, name)
  if (!paper) throw paperNotFound()
  return paper
}

/** Reads the paper that a path names. @throws PaperboyError PAPER_NOT_FOUND */
export async function readNamed(services: Pick<Services, 'db' | 'now'>, name: string): Promise<ListedRow> {
  const [paper] = await readListed(services.db, [(await findNamed(services, name)).id], services.now())
  if (!paper) throw paperNotFound()
  return paper
}

/** The paper on the pages where readers judge it. */
export const aboutPaper = (paper: ListedRow) => ({
  title: paper.title,
  href: paperPath(paper),
  discussion: isWebUrl(paper.discussionUrl) ? paper.discussionUrl : undefined,
})

/** Links to the pages of the other judgements. @param token of an email's link; undefined with the reader cookie */
export const judgeLinks = (paper: PaperKey, shown: Judgement, token?: string) =>
  JUDGEMENTS.filter((kind) => kind !== shown).map((kind) => ({ kind, href: judgePath(paper, kind, token) }))

export const judgePath = (paper: PaperKey, kind: Judgement, token?: string): string =>
  `${paperPath(paper)}/${kind}${token === undefined ? '' : `/${token}`}`
