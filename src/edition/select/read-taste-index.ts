import { z } from 'zod'
import { readTasteVectors } from '../../papers/votes/read-taste-vectors.ts'
import type { Db } from '../../runtime/db/database.ts'
import { bigint, query } from '../../runtime/db/query.ts'
import { buildTasteIndex, type TasteIndex } from './taste.ts'

const WEEKS = 4
/** Enough to rank among: a tenth of them is known within 1.3 percentage points. More would cost each reader time. */
const MOST_RECENT = 500

/** Reads and indexes an edition's papers for tastes. Once per edition and worker that meets such a reader. */
export async function readTasteIndex(db: Db, editionId: number): Promise<TasteIndex> {
  const Paper = z.object({ id: bigint })
  const own = await query(
    db,
    Paper,
  )`SELECT paper_id AS id FROM edition_papers WHERE edition_id = ${editionId} ORDER BY position`
  const recent = await query(db, Paper)`
    SELECT p.id FROM papers p JOIN editions e ON e.id = ${editionId}
    WHERE p.list_day > e.date - ${WEEKS * 7}::int AND p.list_day <= e.date AND NOT p.announced
    -- An even sample of the weeks, always the same.
    ORDER BY hashint8(p.id), p.id LIMIT ${MOST_RECENT}`
  const vectors = await readTasteVectors(db, [...new Set([...own, ...recent].map(({ id }) => id))])
  const vectorsOf = (papers: { id: number }[]) => papers.map(({ id }) => vectors.get(id) ?? { terms: [], weights: [] })
  return buildTasteIndex(vectorsOf(own), vectorsOf(recent))
}
