import { asc, eq, sql } from 'drizzle-orm'
import { readVoteBaselines } from '../../papers/ranking/standing.ts'
import type { Db } from '../../runtime/db/database.ts'
import { editionPapers, papers } from '../../runtime/db/schema.ts'
import { buildSelectionIndex, type SelectionIndex, type SimilarPaper } from './selection-index.ts'

/** Less similar papers share little but their field. */
const MIN_LIKENESS = 0.15
/** Older votes no longer count as the reader's taste. */
const VOTE_LIFETIME_DAYS = 180

/** Reads and indexes an edition's papers. It takes some milliseconds, once per edition and worker. */
export async function readSelectionIndex(db: Db, editionId: number, at: Date): Promise<SelectionIndex> {
  const rows = await db
    .select({
      section: editionPapers.section,
      topics: papers.topics,
      title: papers.title,
      abstract: papers.abstract,
      keywords: papers.keywords,
      votes: editionPapers.votes,
    })
    .from(editionPapers)
    .innerJoin(papers, eq(papers.id, editionPapers.paperId))
    .where(eq(editionPapers.editionId, editionId))
    .orderBy(asc(editionPapers.position))
  return buildSelectionIndex(rows, await readSimilar(db, editionId, at), await readVoteBaselines(db, editionId))
}

/**
 * Finds the edition's papers similar to a voted one, by the cosine of their tf-idf vectors.
 *
 * @returns by each paper that has a vote of a reader who asked for papers like theirs
 */
async function readSimilar(db: Db, editionId: number, at: Date): Promise<Map<number, SimilarPaper[]>> {
  const { rows } = await db.execute<{ liked: string; position: number; likeness: number }>(sql`
    WITH liked AS (
      SELECT DISTINCT v.paper_id FROM votes v JOIN subscribers s ON s.id = v.subscriber_id
      WHERE s.like_voted AND s.status = 'active' AND v.cast_at > ${at}::timestamptz - make_interval(days => ${VOTE_LIFETIME_DAYS})
    )
    SELECT liked.paper_id AS liked, c.position, least(sum(own.weight * other.weight), 1)::float8 AS likeness
    FROM edition_papers c
    JOIN paper_terms own ON own.paper_id = c.paper_id
    JOIN paper_terms other ON other.term_id = own.term_id AND other.paper_id <> c.paper_id
    JOIN liked ON liked.paper_id = other.paper_id
    WHERE c.edition_id = ${editionId}
    GROUP BY liked.paper_id, c.position HAVING sum(own.weight * other.weight) >= ${MIN_LIKENESS}`)
  const similar = new Map<number, SimilarPaper[]>()
  for (const { liked, position, likeness } of rows) {
    const id = Number(liked)
    similar.set(id, [...(similar.get(id) ?? []), { position, likeness }])
  }
  return similar
}

/** Reads the papers that these readers voted for recently. @returns paper ids by subscriber */
export async function readLiked(db: Db, subscriberIds: readonly number[], at: Date): Promise<Map<number, number[]>> {
  const liked = new Map<number, number[]>()
  if (subscriberIds.length === 0) return liked
  const { rows } = await db.execute<{ subscriber_id: string; paper_id: string }>(sql`
    SELECT subscriber_id, paper_id FROM votes
    WHERE subscriber_id = ANY(${sql.param(subscriberIds)}::bigint[])
      AND cast_at > ${at}::timestamptz - make_interval(days => ${VOTE_LIFETIME_DAYS})
    ORDER BY paper_id`)
  for (const row of rows) {
    const id = Number(row.subscriber_id)
    liked.set(id, [...(liked.get(id) ?? []), Number(row.paper_id)])
  }
  return liked
}
