import { asc, eq } from 'drizzle-orm'
import { readVoteBaselines } from '../../papers/ranking/standing.ts'
import type { Db } from '../../runtime/db/database.ts'
import { editionPapers, papers } from '../../runtime/db/schema.ts'
import { buildSelectionIndex, type SelectionIndex } from './selection-index.ts'

/** Reads and indexes an edition's papers. It takes some milliseconds, once per edition and worker. */
export async function readSelectionIndex(db: Db, editionId: number): Promise<SelectionIndex> {
  const rows = await db
    .select({
      section: editionPapers.section,
      topics: papers.topics,
      title: papers.title,
      abstract: papers.abstract,
      keywords: papers.keywords,
      authors: papers.authors,
      organization: papers.organization,
      votes: editionPapers.votes,
    })
    .from(editionPapers)
    .innerJoin(papers, eq(papers.id, editionPapers.paperId))
    .where(eq(editionPapers.editionId, editionId))
    .orderBy(asc(editionPapers.position))
  return buildSelectionIndex(rows, await readVoteBaselines(db, editionId))
}
