import { sql } from 'drizzle-orm'
import type { Db } from '../../runtime/db/database.ts'
import type { ListedRow } from '../lists/list-day.ts'
import { readListed } from '../lists/listed-rows.ts'

/** Below this cosine, papers have no more in common than any two. */
const ALIKE = 0.06
/** Occurrences of words that are read for an answer: the most telling words come first, so what is passed over weighs least. */
const MOST_READ = 40_000

/** Papers like this one by the cosine of their vectors, the most alike first; none where nothing is alike. */
export async function similarPapers(
  { db, now }: { db: Db; now: () => Date },
  paperId: number,
  limit = 6,
): Promise<ListedRow[]> {
  const { rows } = await db.execute<{ id: string }>(sql`
    WITH own AS MATERIALIZED (
      SELECT w.term AS term_id, w.weight, sum(t.papers) OVER (ORDER BY w.weight DESC, w.term) - t.papers AS read_before
      FROM paper_vectors v, unnest(v.terms, v.weights) AS w (term, weight) JOIN terms t ON t.id = w.term WHERE v.paper_id = ${paperId}
    ), alike AS (
      SELECT o.paper_id, sum(o.weight * own.weight) AS likeness
      FROM own JOIN paper_terms o ON o.term_id = own.term_id
      WHERE own.read_before < ${MOST_READ} AND o.paper_id <> ${paperId}
      GROUP BY o.paper_id HAVING sum(o.weight * own.weight) >= ${ALIKE}
      ORDER BY likeness DESC, o.paper_id DESC LIMIT ${limit * 4}
    )
    SELECT p.id FROM alike JOIN papers p ON p.id = alike.paper_id
    WHERE p.sample = (SELECT sample FROM papers WHERE id = ${paperId}) AND p.withdrawn_at IS NULL
    ORDER BY likeness DESC, p.id DESC LIMIT ${limit}`)
  return readListed(
    db,
    rows.map((row) => Number(row.id)),
    now(),
  )
}
