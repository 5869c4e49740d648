import { type SQL, sql } from 'drizzle-orm'
import { shareWhileRunning } from '../../lib/share-while-running.ts'
import type { Db } from '../../runtime/db/database.ts'
import { prepared } from '../../runtime/db/prepared.ts'
import { bigint, bytes, number, query, queryOne, text } from '../../runtime/db/query.ts'
import { fromBitmap } from './shown-bitmap.ts'

/** How many days of a reader's digests count as repeats. */
const MEMORY_DAYS = 35

/** Other edition → a paper's position there → its position in this edition. */
export type Repeats = ReadonlyMap<number, ReadonlyMap<number, number>>

/** The number of editions released since a time. Changes with every release. */
export interface Releases {
  since: Date
  count: number
  /** when the newest was released: a recalled edition that is released again leaves the count as it was */
  newest: string | null
}

/** An edition's repeats, and the releases that they have seen. */
export interface RepeatsOfReleases {
  releases: Releases
  repeats: Repeats
}

/** Returns a function that finds an edition's repeats, again only after a release. Batches that begin together ask once. */
export function openRepeats({ db, now }: { db: Db; now: () => Date }, editionId: number) {
  let known: RepeatsOfReleases | undefined
  return shareWhileRunning(async (): Promise<RepeatsOfReleases> => {
    const releases = await readReleases(db, known?.releases.since ?? memoryBefore(now()))
    if (known?.releases.count !== releases.count || known.releases.newest !== releases.newest)
      known = { releases, repeats: await findRepeats(db, editionId) }
    return known
  })
}

/**
 * Finds papers of an edition that other released editions have too: moved to a later list day, in a weekly after its dailies, or risen
 * since. The section "Still rising" may repeat a paper, but only once its votes have doubled since that edition.
 */
async function findRepeats(db: Db, editionId: number): Promise<Repeats> {
  const rows = await query(db, { editionId: bigint, earlier: number, position: number })`
    SELECT a.edition_id, a.position AS earlier, b.position
    FROM edition_papers b
    JOIN edition_papers a ON a.paper_id = b.paper_id AND a.edition_id <> b.edition_id
    JOIN editions e ON e.id = a.edition_id
    JOIN editions own ON own.id = b.edition_id
    WHERE b.edition_id = ${editionId} AND (b.section <> 'rising' OR coalesce(b.votes < 2 * a.votes, true))
      AND e.released_at > own.released_at - make_interval(days => ${MEMORY_DAYS})`
  const repeats = new Map<number, Map<number, number>>()
  for (const { editionId: id, earlier, position } of rows) {
    if (!repeats.has(id)) repeats.set(id, new Map())
    repeats.get(id)!.set(earlier, position)
  }
  return repeats
}

const memoryBefore = (at: Date) => new Date(at.getTime() - MEMORY_DAYS * 86_400_000)

/** Reads the releases. `findRepeats` stays valid until they change: only a release makes an edition that shares papers. */
async function readReleases(db: Db, since: Date): Promise<Releases> {
  const statement = sql`SELECT ${countReleases(since)} AS count, (SELECT max(released_at)::text FROM editions) AS newest`
  return { since, ...(await queryOne(db, { count: bigint, newest: text.nullable() }, prepared(statement))) }
}

const countReleases = (since: Date): SQL =>
  sql`(SELECT count(*) FROM editions WHERE released_at > ${since}::timestamptz)`

/** SQL: whether no edition was released or recalled since these releases were read. */
export const areReleases = ({ since, count, newest }: Releases): SQL<boolean> =>
  sql`(${countReleases(since)} = ${count} AND (SELECT max(released_at)::text FROM editions) IS NOT DISTINCT FROM ${newest}::text)`

/**
 * Locks readers until the transaction ends, always in the same order. PostgreSQL keeps these locks in memory only. When two workers
 * choose papers for one reader, the second waits and sees what the first one showed. The keys are negative. Other advisory locks may
 * use the same keys; a collision costs a short wait.
 */
export const lockReaders = (readers: readonly { subscriberId: number }[]): SQL => sql`
  SELECT pg_advisory_xact_lock(-id) FROM (
    SELECT id FROM unnest(${sql.param(readers.map((reader) => reader.subscriberId))}::bigint[]) AS id ORDER BY id
  ) AS ordered`

/** Reads which positions of this edition each reader had in other digests. Reliable while the readers are locked. */
export async function readShownBefore(
  db: Db,
  repeats: Repeats,
  readers: readonly { subscriberId: number }[],
): Promise<Map<number, Set<number>>> {
  const shownBefore = new Map<number, Set<number>>()
  if (repeats.size === 0) return shownBefore
  const statement = sql`
    SELECT subscriber_id, edition_id, shown FROM deliveries
    WHERE subscriber_id = ANY(${sql.param(readers.map((reader) => reader.subscriberId))}::bigint[])
      AND edition_id = ANY(${sql.param([...repeats.keys()])}::bigint[])
      -- A queued one with papers was unknown, and an operator sends it again. Others that were unknown once may have arrived too.
      AND shown IS NOT NULL AND (state IN ('queued', 'handed', 'accepted', 'deferred', 'unknown') OR crashes + cuts > 0)`
  const rows = await query(db, { subscriberId: bigint, editionId: bigint, shown: bytes }, prepared(statement))
  for (const { subscriberId: id, editionId, shown } of rows) {
    const positions = shownBefore.get(id) ?? new Set<number>()
    const places = repeats.get(editionId)!
    for (const earlier of fromBitmap(shown)) {
      const position = places.get(earlier)
      if (position !== undefined) positions.add(position)
    }
    shownBefore.set(id, positions)
  }
  return shownBefore
}
