import { sql } from 'drizzle-orm'
import { z } from 'zod'
import type { Db } from '../../runtime/db/database.ts'
import { bigint, moment, query, text } from '../../runtime/db/query.ts'
import { readable } from '../readable.ts'

const FACTS = z.object({ id: bigint, abstract: text, publishedAt: moment.nullable() })

/** Adds to papers of a list what a citation needs besides: the abstract, and when the paper appeared. */
export async function readCited<Listed extends { id: number }>(
  db: Db,
  papers: readonly Listed[],
): Promise<(Listed & { abstract: string; publishedAt: Date | undefined })[]> {
  const ids = papers.map(({ id }) => id)
  const rows = await query(db, FACTS)`
    SELECT id, abstract, published_at FROM papers WHERE id = ANY(${sql.param(ids)}::bigint[])`
  const byId = new Map(rows.map((row) => [row.id, row]))
  return papers.map((paper) => {
    const facts = byId.get(paper.id)
    return { ...paper, abstract: readable(facts?.abstract ?? ''), publishedAt: facts?.publishedAt ?? undefined }
  })
}
