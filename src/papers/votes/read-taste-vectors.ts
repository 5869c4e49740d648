import { sql } from 'drizzle-orm'
import { z } from 'zod'
import type { Db } from '../../runtime/db/database.ts'
import { bigint, number, query, text } from '../../runtime/db/query.ts'
import type { Vector } from '../search/vectorise.ts'
import { MOST_AUTHORS, withAuthors } from './taste-vector.ts'

const Row = z.object({ paperId: bigint, terms: z.array(number), weights: z.array(number), authors: z.array(text) })

/** Reads what papers say about a taste, by paper id: their words and authors. Papers that are not indexed yet are absent. */
export async function readTasteVectors(
  db: Db,
  paperIds: readonly number[],
): Promise<Map<number, Vector & { authors: string[] }>> {
  if (paperIds.length === 0) return new Map()
  const rows = await query(db, Row)`
    SELECT v.paper_id, v.terms, v.weights, p.authors[1:${sql.raw(String(MOST_AUTHORS))}] AS authors
    FROM paper_vectors v JOIN papers p ON p.id = v.paper_id
    WHERE v.paper_id = ANY(${sql.param(paperIds)}::bigint[])`
  return new Map(rows.map(({ paperId, authors, ...words }) => [paperId, { ...withAuthors(words, authors), authors }]))
}
