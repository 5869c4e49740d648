import { inArray, sql } from 'drizzle-orm'
import { z } from 'zod'
import type { Db } from '../../runtime/db/database.ts'
import { query, queryOne } from '../../runtime/db/query.ts'
import { papers } from '../../runtime/db/schema.ts'
import { countWords, type Vector, vectorise } from './vectorise.ts'

const Term = z.object({ id: z.number(), term: z.string(), papers: z.number() })

/**
 * Reads papers and vectorises their whole texts, some 0.1 ms each. The stored vectors have only the 64 heaviest words, which finds
 * less of what a reader likes. Words that the index does not know yet are left out.
 *
 * @returns vectors by paper id; unknown papers are absent
 */
export async function readWholeVectors(db: Db, paperIds: readonly number[]): Promise<Map<number, Vector>> {
  if (paperIds.length === 0) return new Map()
  const rows = await db
    .select({ id: papers.id, title: papers.title, abstract: papers.abstract })
    .from(papers)
    .where(inArray(papers.id, [...paperIds]))
  const counted = rows.map((row) => ({ id: row.id, counts: countWords(row) }))
  const words = [...new Set(counted.flatMap(({ counts }) => [...counts.keys()]))]
  const found = await query(
    db,
    Term,
    sql`SELECT id, term, papers FROM terms WHERE term = ANY(${sql.param(words)}::text[])`,
  )
  const known = new Map(found.map((term) => [term.term, term]))
  const { size } = await queryOne(
    db,
    z.object({ size: z.number() }),
    sql`SELECT count(*)::int AS size FROM paper_vectors`,
  )
  return new Map(counted.map(({ id, counts }) => [id, vectorise(counts, known, size, Number.POSITIVE_INFINITY)]))
}
