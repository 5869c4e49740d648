import { and, eq, getTableColumns, inArray, sql } from 'drizzle-orm'
import type { Db } from '../../runtime/db/database.ts'
import { bigint, bool, queryColumn, queryOne, text } from '../../runtime/db/query.ts'
import { editions } from '../../runtime/db/schema.ts'
import type { Services } from '../../runtime/services.ts'
import { canBePlanned, isFor } from './audience.ts'
import {
  BATCH_SIZE,
  BATCHES_A_STEP,
  insertBatchesAndDeliveries,
  type OnPlanned,
  PLANNED,
  type Planned,
  SELECT_PLANNED,
} from './plan-deliveries.ts'

type Deps = Pick<Services, 'db' | 'config' | 'now'>

/**
 * Plans an edition for every active reader of its kind at once, whatever their hour, as ordered by `send --now`; with `toEveryone` also
 * for readers of other kinds. Continues where it stopped after a crash; existing deliveries stay. One process at a time plans an
 * edition: two would make each batch twice, one of them empty.
 *
 * @param options.onPlanned receives batches as soon as they can be sent, long before a million readers are planned
 * @param options.skipIfBusy return at once when another process plans this edition, instead of waiting for it
 */
export async function planAll(
  deps: Deps,
  editionId: number,
  { onPlanned = () => {}, skipIfBusy = false }: { onPlanned?: OnPlanned; skipIfBusy?: boolean } = {},
): Promise<Planned> {
  // The lock has its own connection and ends with it. If it is lost, two planners make empty batches, but no delivery twice.
  return deps.db.transaction(async (tx) => {
    const { mine } = await queryOne(
      tx,
      { mine: bool },
      skipIfBusy
        ? sql`SELECT pg_try_advisory_xact_lock(${LOCK}, ${editionId}::int) AS mine`
        : sql`SELECT true AS mine FROM pg_advisory_xact_lock(${LOCK}, ${editionId}::int)`,
    )
    const [edition] = await tx
      .select({ ...getTableColumns(editions), order: ORDERED_AT })
      .from(editions)
      .where(eq(editions.id, editionId))
    if (!mine || !edition || edition.plannedAt) return { batchIds: [], deliveries: 0 }
    const planned = await planRest(deps, edition, onPlanned)
    // A newer order still has to be planned: it is for readers who joined since.
    await deps.db
      .update(editions)
      .set({ plannedAt: deps.now() })
      .where(and(eq(editions.id, editionId), sql`${ORDERED_AT} IS NOT DISTINCT FROM ${edition.order}`))
    return planned
  })
}

/** Class of the advisory locks for planning. Any number works that no other lock uses. */
const LOCK = 0x9a9e5

/** Time of the last order to send to all, to the microsecond. */
const ORDERED_AT = sql<string | null>`${editions.sendAllAt}::text`

async function planRest(
  { db, config, now }: Deps,
  edition: typeof editions.$inferSelect,
  onPlanned: OnPlanned,
): Promise<Planned> {
  const editionId = edition.id
  // Counts from the order: one interrupted by an outage of days has expired.
  const expiresAt = expiry(edition.sendAllAt ?? now(), config.DIGEST_EXPIRY_HOURS)
  const total: Planned = { batchIds: [], deliveries: 0 }
  // One batch first, so that sending starts at once.
  for (let cursor = 0, size = BATCH_SIZE; ; size = BATCH_SIZE * BATCHES_A_STEP) {
    const step = sql`
      WITH wanted AS (
        SELECT s.id, ${editionId}::bigint AS edition_id FROM subscribers s
        WHERE s.id > ${cursor} AND ${canBePlanned(now())} AND ${isFor(edition)}
          -- The cursor appears twice, so that the ledger is not read from its start for every batch.
          AND NOT EXISTS (
            SELECT FROM deliveries d WHERE d.edition_id = ${editionId} AND d.subscriber_id = s.id AND d.subscriber_id > ${cursor}
          )
        ORDER BY s.id LIMIT ${size}
      ), ${insertBatchesAndDeliveries(now(), sql`${expiresAt}::timestamptz`)}
      SELECT (SELECT max(id) FROM wanted) AS last, ${SELECT_PLANNED}`
    const { last, batchIds, deliveries } = await queryOne(db, { last: bigint.nullable(), ...PLANNED }, step)
    if (last === null) break
    cursor = last
    onPlanned(batchIds)
    total.deliveries += deliveries
    total.batchIds.push(...batchIds)
  }
  if (total.deliveries >= BULK) await analyse(db, editionId)
  return total
}

/** Above this many new rows, run ANALYZE: planner statistics are stale. */
const BULK = 1_000

/** Without it, queries on a new partition were planned for an empty one and ran 20 × slower. */
async function analyse(db: Db, editionId: number): Promise<void> {
  const [partition] = await queryColumn(db, text)`
    SELECT tableoid::regclass::text FROM deliveries WHERE edition_id = ${editionId} LIMIT 1`
  if (partition !== undefined) await db.execute(sql.raw(`ANALYZE ${partition}, batches`))
}

/** Returns editions whose "send to all" is not fully planned, for example because its process died. */
export const unplannedEditions = (db: Db): Promise<{ id: number }[]> =>
  db
    .select({ id: editions.id })
    .from(editions)
    .where(
      and(
        sql`${editions.sendAllAt} IS NOT NULL AND ${editions.plannedAt} IS NULL`,
        inArray(editions.state, ['released', 'sending', 'sent']),
      ),
    )

const expiry = (at: Date, hours: number): Date => new Date(at.getTime() + hours * 3_600_000)
