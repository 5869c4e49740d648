import { sql } from 'drizzle-orm'
import { z } from 'zod'
import type { Db } from '../../runtime/db/database.ts'
import { bigint, number, query } from '../../runtime/db/query.ts'
import type { Vector } from './vectorise.ts'

const PaperVector = z.object({ paperId: bigint, terms: z.array(number), weights: z.array(number) })

/** Reads papers' vectors, by paper id. Papers that are unknown or not indexed yet are absent. */
export async function readVectors(db: Db, paperIds: readonly number[]): Promise<Map<number, Vector>> {
  if (paperIds.length === 0) return new Map()
  const rows = await query(
    db,
    PaperVector,
  )`SELECT paper_id, terms, weights FROM paper_vectors WHERE paper_id = ANY(${sql.param(paperIds)}::bigint[])`
  return new Map(rows.map(({ paperId, terms, weights }) => [paperId, { terms, weights }]))
}
