import { sql } from 'drizzle-orm'
import { z } from 'zod'
import { dayOf } from '../../calendar/days.ts'
import type { Db } from '../../runtime/db/database.ts'
import { prepared } from '../../runtime/db/prepared.ts'
import { bigint, query } from '../../runtime/db/query.ts'
import { type ListedRow, readListed } from '../lists/listed-rows.ts'
import { hasBegun } from '../public-papers.ts'
import { pairLikeness, wordPairs } from './pair-likeness.ts'

/** Below this cosine, two papers have no more in common than any other two: docs/decisions/words-not-embeddings.md. */
const LEAST_SIMILARITY = 0.1
/**
 * Most index entries to read per answer, besides those of the heaviest word: some 10 ms. The heaviest words come first, so the skipped ones
 * weigh least: among 100,000 papers, .996 of the six nearest by all words are still compared.
 */
const MOST_READ = 20_000
/** Nearest papers by words whose pairs of words are compared as well. */
export const MOST_COMPARED = 48

/**
 * Finds papers like this one, most similar first: by the cosine of their words, then by shared pairs of words.
 * It returns fewer than `limit`, or none, rather than papers that have little in common.
 */
export async function similarPapers(
  { db, now }: { db: Db; now: () => Date },
  paperId: number,
  limit = 6,
): Promise<ListedRow[]> {
  const near = await readNear(db, paperId, dayOf(now()))
  const own = near.find((paper) => paper.id === paperId)
  const pairs = own && wordPairs(own)
  const best = near
    .filter((paper) => paper !== own)
    .map((paper) => ({ ...paper, likeness: paper.similarity + (pairs ? pairLikeness(pairs, wordPairs(paper)) : 0) }))
    .sort((a, b) => b.likeness - a.likeness || b.id - a.id)
    .slice(0, limit)
  return readListed(
    db,
    best.map((paper) => paper.id),
    now(),
  )
}

const NearPaper = z.object({ id: bigint, similarity: z.number(), title: z.string(), abstract: z.string() })

/** Reads the nearest papers by words, and the paper itself. */
const readNear = (db: Db, paperId: number, today: string): Promise<z.output<typeof NearPaper>[]> =>
  query(
    db,
    NearPaper,
    prepared(sql`
      WITH own AS MATERIALIZED (
        SELECT w.term AS term_id, w.weight, 
          sum(t.papers) OVER (ORDER BY w.weight DESC, w.term) <= ${MOST_READ} OR row_number() OVER (ORDER BY w.weight DESC, w.term) = 1 AS is_read
        FROM paper_vectors v CROSS JOIN LATERAL unnest(v.terms, v.weights) AS w (term, weight)
        -- OFFSET 0, or PostgreSQL may read all terms.
        CROSS JOIN LATERAL (SELECT papers FROM terms WHERE id = w.term OFFSET 0) t WHERE v.paper_id = ${paperId}
      ), candidates AS (
        SELECT o.paper_id, sum(o.weight * own.weight) AS similarity
        FROM own JOIN paper_terms o ON o.term_id = own.term_id
        WHERE own.is_read
        GROUP BY o.paper_id HAVING sum(o.weight * own.weight) >= ${LEAST_SIMILARITY}
        ORDER BY similarity DESC, o.paper_id DESC LIMIT ${MOST_COMPARED * 2}
      )
      SELECT p.id, c.similarity::float8, coalesce(p.shown_title, p.title) AS title, coalesce(p.shown_abstract, p.abstract) AS abstract
      FROM candidates c JOIN papers p ON p.id = c.paper_id
      WHERE p.sample = (SELECT sample FROM papers WHERE id = ${paperId})
        AND (p.withdrawn_at IS NULL AND ${hasBegun(today)} OR p.id = ${paperId})
      ORDER BY c.similarity DESC, p.id DESC LIMIT ${MOST_COMPARED + 1}`),
  )
