import { asc, eq, sql } from 'drizzle-orm'
import { readVoteBaselines } from '../../papers/ranking/standing.ts'
import type { Db } from '../../runtime/db/database.ts'
import { editionPapers, papers } from '../../runtime/db/schema.ts'
import { type Alike, type Candidates, candidatesOf } from './selection-index.ts'

/** Below this, two papers have little but their field in common. */
const LEAST_LIKENESS = 0.15
/** How long a vote says what a reader likes. */
const VOTES_COUNT_DAYS = 180

/** An edition's papers, ready to be chosen from. Some milliseconds; once an edition and worker. */
export async function readCandidates(db: Db, editionId: number, at: Date): Promise<Candidates> {
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
  return candidatesOf(rows, await readAlike(db, editionId, at), await readVoteBaselines(db, editionId))
}

/** For every paper that a reader who asked for papers like theirs voted for: which of the edition's are like it. Cosine of tf-idf. */
async function readAlike(db: Db, editionId: number, at: Date): Promise<Map<number, Alike[]>> {
  const { rows } = await db.execute<{ liked: string; position: number; likeness: number }>(sql`
    WITH liked AS (
      SELECT DISTINCT v.paper_id FROM votes v JOIN subscribers s ON s.id = v.subscriber_id
      WHERE s.like_voted AND s.status = 'active' AND v.cast_at > ${at}::timestamptz - make_interval(days => ${VOTES_COUNT_DAYS})
    )
    SELECT liked.paper_id AS liked, c.position, least(sum(own.weight * other.weight), 1)::float8 AS likeness
    FROM edition_papers c
    JOIN paper_terms own ON own.paper_id = c.paper_id
    JOIN paper_terms other ON other.term_id = own.term_id AND other.paper_id <> c.paper_id
    JOIN liked ON liked.paper_id = other.paper_id
    WHERE c.edition_id = ${editionId}
    GROUP BY liked.paper_id, c.position HAVING sum(own.weight * other.weight) >= ${LEAST_LIKENESS}`)
  const alike = new Map<number, Alike[]>()
  for (const { liked, position, likeness } of rows) {
    const id = Number(liked)
    alike.set(id, [...(alike.get(id) ?? []), { position, likeness }])
  }
  return alike
}

/** The papers that these readers voted for lately. */
export async function readLiked(db: Db, subscriberIds: readonly number[], at: Date): Promise<Map<number, number[]>> {
  const liked = new Map<number, number[]>()
  if (subscriberIds.length === 0) return liked
  const { rows } = await db.execute<{ subscriber_id: string; paper_id: string }>(sql`
    SELECT subscriber_id, paper_id FROM votes
    WHERE subscriber_id = ANY(${sql.param(subscriberIds)}::bigint[])
      AND cast_at > ${at}::timestamptz - make_interval(days => ${VOTES_COUNT_DAYS})
    ORDER BY paper_id`)
  for (const row of rows) {
    const id = Number(row.subscriber_id)
    liked.set(id, [...(liked.get(id) ?? []), Number(row.paper_id)])
  }
  return liked
}
