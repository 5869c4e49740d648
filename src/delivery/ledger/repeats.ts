import { type SQL, sql } from 'drizzle-orm'
import type { Db } from '../../runtime/db/database.ts'
import { executePrepared } from '../../runtime/db/prepared.ts'
import { fromBitmap } from './shown-bitmap.ts'

/** How long a reader's digests are remembered. */
export const MEMORY_DAYS = 35

/** Earlier edition → its position of a paper → that paper's position in the edition at hand. */
export type Repeats = ReadonlyMap<number, ReadonlyMap<number, number>>

/** How many editions there are that were released since a moment: changes with every release. */
export interface Releases {
  since: Date
  count: number
}

/**
 * Papers of an edition that other released editions carried too: moved to a later list day, a week's after its days', or risen since.
 * "Still rising" may repeat, so what stands there is not looked for. Mostly there are none, and then no reader's past is read at all.
 */
export async function findRepeats(db: Db, editionId: number): Promise<Repeats> {
  const { rows } = await db.execute<{ edition_id: string; earlier: number; position: number }>(sql`
    SELECT a.edition_id, a.position AS earlier, b.position
    FROM edition_papers b
    JOIN edition_papers a ON a.paper_id = b.paper_id AND a.edition_id <> b.edition_id
    JOIN editions e ON e.id = a.edition_id
    JOIN editions own ON own.id = b.edition_id
    WHERE b.edition_id = ${editionId} AND b.section <> 'rising'
      AND e.released_at > own.released_at - make_interval(days => ${MEMORY_DAYS})`)
  const repeats = new Map<number, Map<number, number>>()
  for (const { edition_id, earlier, position } of rows) {
    const id = Number(edition_id)
    if (!repeats.has(id)) repeats.set(id, new Map())
    repeats.get(id)!.set(earlier, position)
  }
  return repeats
}

/** What `findRepeats` finds holds until this changes: only a release can give an edition that shares papers to readers. */
export async function readReleases(db: Db, at: Date): Promise<Releases> {
  const since = new Date(at.getTime() - MEMORY_DAYS * 86_400_000)
  const { rows } = await db.execute<{ count: string }>(sql`SELECT ${countReleases(since)} AS count`)
  return { since, count: Number(rows[0]!.count) }
}

export const countReleases = (since: Date): SQL =>
  sql`(SELECT count(*) FROM editions WHERE released_at > ${since}::timestamptz)`

/**
 * Locks readers until the transaction ends, in one order for everybody; PostgreSQL keeps such a lock in memory alone. Two
 * workers that have papers in common for one reader thereby come after each other, and the second sees what the first one showed.
 * The keys are negative, which those of other advisory locks may be as well: a meeting costs a short wait.
 */
export const lockReaders = (readers: readonly { subscriberId: number }[]): SQL => sql`
  SELECT pg_advisory_xact_lock(-id) FROM (
    SELECT id FROM unnest(${sql.param(readers.map((reader) => reader.subscriberId))}::bigint[]) AS id ORDER BY id
  ) AS ordered`

/** Which positions of the edition at hand each reader has had in other digests. To be relied on while they are locked. */
export async function readShownBefore(
  db: Db,
  repeats: Repeats,
  readers: readonly { subscriberId: number }[],
): Promise<Map<number, Set<number>>> {
  const had = new Map<number, Set<number>>()
  if (repeats.size === 0) return had
  const { rows } = await executePrepared<{ subscriber_id: string; edition_id: string; shown: Buffer }>(
    db,
    sql`
    SELECT subscriber_id, edition_id, shown FROM deliveries
    WHERE subscriber_id = ANY(${sql.param(readers.map((reader) => reader.subscriberId))}::bigint[])
      AND edition_id = ANY(${sql.param([...repeats.keys()])}::bigint[])
      AND shown IS NOT NULL AND state IN ('handed', 'accepted', 'deferred', 'unknown')`,
  )
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
