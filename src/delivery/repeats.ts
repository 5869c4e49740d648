import { sql } from 'drizzle-orm'
import type { Db } from '../db/database.ts'
import type { Pending } from './deliveries.ts'
import { fromBitmap } from './shown.ts'

/** How long a reader's digests are remembered. */
const MEMORY_DAYS = 35

/** Earlier edition → its position of a paper → that paper's position in the edition at hand. */
export type Repeats = Map<number, Map<number, number>>

/**
 * Papers of an edition that other released editions carried too: moved to a later list day, or a week's after its days'.
 * Mostly there are none, and then no reader's past is read at all.
 */
export async function findRepeats(db: Db, editionId: number): Promise<Repeats> {
  const { rows } = await db.execute<{ edition_id: string; earlier: number; position: number }>(sql`
    SELECT a.edition_id, a.position AS earlier, b.position
    FROM edition_papers b
    JOIN edition_papers a ON a.paper_id = b.paper_id AND a.edition_id <> b.edition_id
    JOIN editions e ON e.id = a.edition_id
    JOIN editions own ON own.id = b.edition_id
    WHERE b.edition_id = ${editionId} AND e.released_at > own.released_at - make_interval(days => ${MEMORY_DAYS})`)
  const repeats: Repeats = new Map()
  for (const { edition_id, earlier, position } of rows) {
    const id = Number(edition_id)
    if (!repeats.has(id)) repeats.set(id, new Map())
    repeats.get(id)!.set(earlier, position)
  }
  return repeats
}

/**
 * Which positions of the edition at hand each reader has had in earlier digests. Read before the mark: two editions with a paper in
 * common, handed to one reader by two workers within the same moment, do not see each other.
 */
export async function readHad(
  db: Db,
  repeats: Repeats,
  readers: readonly Pick<Pending, 'subscriberId'>[],
): Promise<Map<number, Set<number>>> {
  const had = new Map<number, Set<number>>()
  if (repeats.size === 0) return had
  const { rows } = await db.execute<{ subscriber_id: string; edition_id: string; shown: Buffer }>(sql`
    SELECT subscriber_id, edition_id, shown FROM deliveries
    WHERE subscriber_id = ANY(${sql.param(readers.map((reader) => reader.subscriberId))}::bigint[])
      AND edition_id = ANY(${sql.param([...repeats.keys()])}::bigint[])
      AND shown IS NOT NULL AND state IN ('handed', 'accepted', 'deferred', 'unknown')`)
  for (const row of rows) {
    const id = Number(row.subscriber_id)
    const positions = had.get(id) ?? new Set<number>()
    const places = repeats.get(Number(row.edition_id))!
    for (const earlier of fromBitmap(row.shown)) {
      const position = places.get(earlier)
      if (position !== undefined) positions.add(position)
    }
    had.set(id, positions)
  }
  return had
}
