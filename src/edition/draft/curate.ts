import { and, eq, or } from 'drizzle-orm'
import { PaperboyError } from '../../lib/errors.ts'
import { papers, picks } from '../../runtime/db/schema.ts'
import type { Services } from '../../runtime/services.ts'

type Deps = Pick<Services, 'db' | 'config'>

/**
 * The curator's word on a paper: `picked` puts it first in its list day's edition, `dropped` leaves it out, `undefined` takes the
 * word back. It counts from the next assembling of the draft; a released edition stays as it is.
 *
 * @param sourceId the arXiv id, as it stands in the paper's link
 * @throws PaperboyError PAPER_NOT_FOUND
 */
export async function curate(
  { db, config }: Deps,
  sourceId: string,
  verdict: 'picked' | 'dropped' | undefined,
  note?: string,
): Promise<{ title: string; listDay: string }> {
  const [paper] = await db
    .select({ id: papers.id, title: papers.title, listDay: papers.listDay })
    .from(papers)
    .where(or(and(eq(papers.source, 'arxiv'), eq(papers.sourceId, sourceId)), eq(papers.sourceId, sourceId)))
    .limit(1)
  if (!paper)
    throw new PaperboyError(
      'PAPER_NOT_FOUND',
      `There is no paper "${sourceId}". Give the id as in its link, such as 2604.10098.`,
    )
  if (verdict === undefined) {
    await db.delete(picks).where(and(eq(picks.paperId, paper.id), eq(picks.listDay, paper.listDay)))
  } else {
    const word = { verdict, note: note ?? null, curator: config.CURATOR_NAME }
    await db
      .insert(picks)
      .values({ paperId: paper.id, listDay: paper.listDay, ...word })
      .onConflictDoUpdate({ target: [picks.listDay, picks.paperId], set: word })
  }
  return paper
}
