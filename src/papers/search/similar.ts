import { sql } from 'drizzle-orm'
import type { Db } from '../../runtime/db/database.ts'
import { type ListedRow, readListed } from '../lists/listed-rows.ts'

/** Below this cosine, two papers have no more in common than any other two. */
const LEAST_SIMILARITY = 0.06
/** Most index entries to read per answer. The heaviest words come first, so the skipped ones weigh least. */
const MOST_READ = 40_000

/** Finds papers like this one by the cosine of their vectors, most similar first. The result may be empty. */
export async function similarPapers(
  { db, now }: { db: Db; now: () => Date },
  paperId: number,
  limit = 6,
): Promise<ListedRow[]> {
  const { rows } = await db.execute<{ id: string }>(sql`
    WITH own AS MATERIALIZED (
      SELECT w.term AS term_id, w.weight, sum(t.papers) OVER (ORDER BY w.weight DESC, w.term) - t.papers AS read_before
      FROM paper_vectors v, unnest(v.terms, v.weights) AS w (term, weight) JOIN terms t ON t.id = w.term WHERE v.paper_id = ${paperId}
    ), candidates AS (
      SELECT o.paper_id, sum(o.weight * own.weight) AS similarity
      FROM own JOIN paper_terms o ON o.term_id = own.term_id
      WHERE own.read_before < ${MOST_READ} AND o.paper_id <> ${paperId}
      GROUP BY o.paper_id HAVING sum(o.weight * own.weight) >= ${LEAST_SIMILARITY}
      ORDER BY similarity DESC, o.paper_id DESC LIMIT ${limit * 4}
    )
    SELECT p.id FROM candidates c JOIN papers p ON p.id = c.paper_id
    WHERE p.sample = (SELECT sample FROM papers WHERE id = ${paperId}) AND p.withdrawn_at IS NULL
    ORDER BY similarity DESC, p.id DESC LIMIT ${limit}`)
  return readListed(
    db,
    rows.map((row) => Number(row.id)),
    now(),
  )
}
