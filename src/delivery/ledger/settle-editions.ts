import { type SQL, sql } from 'drizzle-orm'
import { isRecent } from '../../edition/draft/edition-age.ts'
import type { Db } from '../../runtime/db/database.ts'
import { withEarlierReply } from '../../runtime/db/earlier-reply.ts'
import { prepared } from '../../runtime/db/prepared.ts'
import { bigint, bool, query, text } from '../../runtime/db/query.ts'
import type { Services } from '../../runtime/services.ts'
import { AVAILABLE_BATCH, deliveryIsOpen } from './conditions.ts'

type Deps = Pick<Services, 'db' | 'config' | 'now'>

/**
 * Marks finished editions `sent` and returns their ids. An edition is finished when
 *
 * - no batch is unfinished and no delivery needs an attempt or a result, and
 * - no active reader of its kind can still get it: all have a delivery, a newer edition is released, or it is too old to send.
 *
 * Also ends deliveries that were in flight when their edition was cancelled. Locks the edition before checking: planning locks it too,
 * so an edition never becomes `sent` while readers are added.
 */
export async function settleEditions(deps: Deps): Promise<number[]> {
  const { db, config, now } = deps
  const statement = sql`
    SELECT id, state, state = 'sending' AND ${isOver(deps)} AS over FROM editions e WHERE state IN ('sending', 'cancelled')
      AND (state = 'cancelled') = EXISTS (SELECT FROM batches b WHERE b.edition_id = e.id AND b.state <> 'done')
      AND (send_all_at IS NULL OR planned_at IS NOT NULL OR state = 'cancelled')`
  const editions = await query(db, { id: bigint, state: text, over: bool }, prepared(statement))
  const sent: number[] = []
  for (const { id, state, over } of editions) {
    if (state === 'cancelled') await endCancelled(deps, id)
    else if (!over) {
      if (isCheckTime(now())) await reopen(db, id, config.UNKNOWN_POLICY, now())
    } else if (await settle(deps, id)) sent.push(id)
  }
  return sent
}

const settle = (deps: Deps, editionId: number): Promise<boolean> =>
  deps.db.transaction(async (tx) => {
    await tx.execute(sql`SELECT FROM editions WHERE id = ${editionId} AND state = 'sending' FOR UPDATE`)
    if (await reopen(tx, editionId, deps.config.UNKNOWN_POLICY, deps.now())) return false
    const { rowCount } = await tx.execute(sql`
      UPDATE editions e SET state = 'sent', sent_at = ${deps.now()}
      WHERE e.id = ${editionId} AND e.state = 'sending' AND ${isOver(deps)}
        AND NOT EXISTS (SELECT FROM batches b WHERE b.edition_id = e.id AND b.state <> 'done')`)
    return rowCount === 1
  })

/** SQL condition on an edition `e`: no active reader of its kind can still get it. */
const isOver = ({ config, now }: Deps): SQL => sql`(
  NOT (${isRecent(now(), config)})
  OR EXISTS (SELECT FROM editions n WHERE n.kind = e.kind AND n.date > e.date AND n.released_at IS NOT NULL)
  OR NOT EXISTS (
    -- Stops at the first reader without a row. In this order the whole list is read only when all have one.
    SELECT FROM unnest(CASE e.kind WHEN 'weekly' THEN '{weekly}' ELSE '{daily,weekdays}' END::cadence[]) AS own (cadence)
    CROSS JOIN LATERAL (
      SELECT s.id FROM subscribers s
      WHERE s.status = 'active' AND s.cadence = own.cadence AND (s.paused_until IS NULL OR s.paused_until <= ${now()})
        AND NOT EXISTS (SELECT FROM deliveries d WHERE d.edition_id = e.id AND d.subscriber_id = s.id)
      ORDER BY s.next_digest_at LIMIT 1
    ) AS without)
)`

/**
 * Whether to look for unfinished deliveries also while readers are still to come: once in ten minutes. It reads the edition's whole
 * ledger, gigabytes for a list of millions, and a batch that ends looks after its own deliveries.
 */
const isCheckTime = (at: Date): boolean => at.getTime() % CHECK_MS < WAKE_MS
const CHECK_MS = 10 * 60_000
/** How often the job wakes. */
const WAKE_MS = 15_000

/** Reopens done batches that still have an unfinished delivery. The ledger decides. Returns whether there were any. */
async function reopen(db: Db, editionId: number, policy: 'resend' | 'hold', at: Date): Promise<boolean> {
  const statement = sql`
    UPDATE batches SET state = 'open', due_at = ${at}
    -- As an array, read once. With old statistics, a join looked into the ledger for each batch.
    WHERE state = 'done' AND id = ANY(ARRAY(
      SELECT DISTINCT d.batch_id FROM deliveries d
      WHERE d.edition_id = ${editionId} AND ${deliveryIsOpen(policy)}))`
  const { rowCount } = await db.execute(prepared(statement))
  return (rowCount ?? 0) > 0
}

/** Ends a cancelled edition's deliveries that were in flight: those that need a retry are skipped, those of a dead worker unknown. */
async function endCancelled({ db, now }: Deps, editionId: number): Promise<void> {
  await db.execute(sql`
    WITH ended AS (
      UPDATE batches b SET state = 'done', lease = NULL, lease_until = NULL
      WHERE b.edition_id = ${editionId} AND ${AVAILABLE_BATCH}
      RETURNING b.id
    )
    UPDATE deliveries d SET settled_at = ${now()}, reply = ${withEarlierReply('edition cancelled')},
      state = CASE WHEN d.state = 'handed' THEN 'unknown' ELSE 'skipped' END::delivery_state
    FROM ended
    WHERE d.edition_id = ${editionId} AND d.batch_id = ended.id AND d.state IN ('queued', 'deferred', 'handed')`)
}
