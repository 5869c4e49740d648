import { sql } from 'drizzle-orm'
import { z } from 'zod'
import { readWholeVectors } from '../../papers/search/whole-vectors.ts'
import type { Db } from '../../runtime/db/database.ts'
import { bigint, query } from '../../runtime/db/query.ts'
import { buildTasteIndex, type TasteIndex } from './taste.ts'

const WEEKS = 4
/** Enough to rank among, at a bounded cost. The community's list has some 900 papers in four weeks. */
const MOST_RECENT = 1000

/** Reads and indexes an edition's papers for tastes. With 900 recent papers it takes a quarter of a second, once per edition and worker. */
export async function readTasteIndex(db: Db, editionId: number): Promise<TasteIndex> {
  const Paper = z.object({ id: bigint })
  const own = await query(
    db,
    Paper,
    sql`SELECT paper_id AS id FROM edition_papers WHERE edition_id = ${editionId} ORDER BY position`,
  )
  const recent = await query(
    db,
    Paper,
    sql`
    SELECT p.id FROM papers p JOIN editions e ON e.id = ${editionId}
    WHERE p.list_day > e.date - ${WEEKS * 7}::int AND p.list_day <= e.date AND NOT p.announced
    ORDER BY p.list_day DESC, p.id LIMIT ${MOST_RECENT}`,
  )
  const vectors = await readWholeVectors(db, [...new Set([...own, ...recent].map(({ id }) => id))])
  const vectorsOf = (papers: { id: number }[]) => papers.map(({ id }) => vectors.get(id)!)
  return buildTasteIndex(vectorsOf(own), vectorsOf(recent))
}
