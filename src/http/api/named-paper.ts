import { findPublicPaper } from '../../papers/lists/paper.ts'
import { type PaperKey, paperPath } from '../../papers/paper-path.ts'
import { paperNotFound } from '../../papers/votes/cast.ts'
import type { Services } from '../../runtime/services.ts'

/** Returns a function that adds the address of a paper's page to it. */
export const pageAdder =
  ({ PUBLIC_URL }: Pick<Services['config'], 'PUBLIC_URL'>) =>
  <P extends PaperKey>(paper: P): P & { page: string } => ({ ...paper, page: PUBLIC_URL + paperPath(paper) })

/** Returns our id of a paper, found by its arXiv id or DOI in any form, or by our id. @throws PaperboyError PAPER_NOT_FOUND */
export async function paperNamed(services: Pick<Services, 'db' | 'now'>, name: string): Promise<number> {
  const paper = await findPublicPaper(services, name)
  if (!paper) throw paperNotFound()
  return paper.id
}
