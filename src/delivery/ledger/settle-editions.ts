import { sql } from 'drizzle-orm'
import { isRecent } from '../../edition/draft/edition-age.ts'
import type { Db } from '../../runtime/db/database.ts'
import type { Services } from '../../runtime/services.ts'
import { withEarlierReply } from './attempts.ts'
import { IN_NOBODYS_HAND, toDo } from './conditions.ts'

type Deps = Pick<Services, 'db' | 'config' | 'now'>

/**
 * Calls editions `sent` for which nothing is left to do: no batch is open, no delivery in the ledger is queued, handed, deferred, or
 * unknown and still to be handed over, and no active reader of their kind could still be given one, because all have a row, a newer
 * edition is out, or it is old news. Also ends what a cancelled edition left in flight.
 *
 * The edition is locked first and looked at after: planning locks it too, so none is called `sent` while readers are being added.
 *
 * @returns the ids of those that just became `sent`
 */
export async function settleEditions(deps: Deps): Promise<number[]> {
  const { rows } = await deps.db.execute<{ id: string; state: string }>(sql`
    SELECT id, state FROM editions e WHERE state IN ('sending', 'cancelled')
      AND (state = 'cancelled') = EXISTS (SELECT FROM batches b WHERE b.edition_id = e.id AND b.state <> 'done')
      AND (send_all_at IS NULL OR planned_at IS NOT NULL OR state = 'cancelled')`)
  const sent: number[] = []
  for (const { id, state } of rows) {
    const editionId = Number(id)
    if (state === 'cancelled') await endCancelled(deps, editionId)
    else if (await settle(deps, editionId)) sent.push(editionId)
  }
  return sent
}

const settle = ({ db, config, now }: Deps, editionId: number): Promise<boolean> =>
  db.transaction(async (tx) => {
    await tx.execute(sql`SELECT FROM editions WHERE id = ${editionId} AND state = 'sending' FOR UPDATE`)
    if (await reopen(tx, editionId, config.UNKNOWN_POLICY, now())) return false
    const { rowCount } = await tx.execute(sql`
      UPDATE editions e SET state = 'sent', sent_at = ${now()}
      WHERE e.id = ${editionId} AND e.state = 'sending'
        AND NOT EXISTS (SELECT FROM batches b WHERE b.edition_id = e.id AND b.state <> 'done')
        AND (
          NOT (${isRecent(now(), config)})
          OR EXISTS (SELECT FROM editions n WHERE n.kind = e.kind AND n.date > e.date AND n.released_at IS NOT NULL)
          OR NOT EXISTS (
            -- One reader is enough, and whose hour is next is the likeliest: in this order the whole list is read only once, when all have a row.
            SELECT FROM unnest(CASE e.kind WHEN 'weekly' THEN '{weekly}' ELSE '{daily,weekdays}' END::cadence[]) AS own (cadence)
            CROSS JOIN LATERAL (
              SELECT s.id FROM subscribers s
              WHERE s.status = 'active' AND s.cadence = own.cadence AND (s.paused_until IS NULL OR s.paused_until <= ${now()})
                AND NOT EXISTS (SELECT FROM deliveries d WHERE d.edition_id = e.id AND d.subscriber_id = s.id)
              ORDER BY s.next_digest_at LIMIT 1
            ) AS without)
        )`)
    return rowCount === 1
  })

/** The ledger has the last word: batches that ended while one of their deliveries was still open begin again. @returns whether any did */
async function reopen(db: Db, editionId: number, policy: 'resend' | 'hold', at: Date): Promise<boolean> {
  const { rowCount } = await db.execute(sql`
    UPDATE batches SET state = 'open', due_at = ${at}
    WHERE state = 'done' AND id IN (
      SELECT d.batch_id FROM deliveries d WHERE d.edition_id = ${editionId} AND (d.state = 'handed' OR ${toDo(policy)}))`)
  return (rowCount ?? 0) > 0
}

/** What was in flight when an edition was cancelled and came back to be tried again is skipped; what a dead worker had is unknown. */
async function endCancelled({ db, now }: Deps, editionId: number): Promise<void> {
  await db.execute(sql`
    WITH ended AS (
      UPDATE batches b SET state = 'done', lease = NULL, lease_until = NULL
      WHERE b.edition_id = ${editionId} AND ${IN_NOBODYS_HAND}
      RETURNING b.id
    )
    UPDATE deliveries d SET settled_at = ${now()}, reply = ${withEarlierReply('edition cancelled')},
      state = CASE WHEN d.state = 'handed' THEN 'unknown' ELSE 'skipped' END::delivery_state
    FROM ended
    WHERE d.edition_id = ${editionId} AND d.batch_id = ended.id AND d.state IN ('queued', 'deferred', 'handed')`)
}
