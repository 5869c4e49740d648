import { sql } from 'drizzle-orm'
import { type EditionKey, editionNotFound, lockEdition } from '../../edition/draft/control.ts'
import { PaperboyError } from '../../lib/errors.ts'
import { number, query, text } from '../../runtime/db/query.ts'
import type { Services } from '../../runtime/services.ts'
import { mayHaveArrived } from '../ledger/attempts.ts'
import { canBeEmailed, isFor } from '../plan/audience.ts'
import { BATCH_SIZE } from '../plan/plan-deliveries.ts'

/** States that an operator may send again. All but `unknown` certainly did not arrive. */
export const RESENDABLE_STATES = ['refused', 'unknown', 'expired'] as const
export type ResendableState = (typeof RESENDABLE_STATES)[number]

/** Whether there was anything to send again. */
export const isAnyQueued = (counts: Record<string, number>): boolean => Object.keys(counts).length > 0

/**
 * Queues ended deliveries for another attempt by the operator's choice (rule 1), with the same Message-ID. One that may have arrived
 * has the same papers. Skips readers who may not be emailed or moved to another schedule; they are checked again when a delivery is marked.
 *
 * @param options.dryRun only counts
 * @throws PaperboyError EDITION_NOT_FOUND | EDITION_STATE unless it was sent, is being sent or is paused
 */
export async function sendAgain(
  { db, config, now }: Pick<Services, 'db' | 'config' | 'now'>,
  key: EditionKey,
  { only, dryRun }: { only: readonly ResendableState[]; dryRun: boolean },
): Promise<Record<string, number>> {
  return db.transaction(async (tx) => {
    // The same lock as in planning: the edition must not become `sent` or `cancelled` during this.
    const edition = await lockEdition(tx, key)
    if (!edition) throw editionNotFound(key)
    const { id, state } = edition
    if (!['sending', 'sent', 'paused'].includes(state)) {
      throw new PaperboyError(
        'EDITION_STATE',
        `The ${key.kind} edition of ${key.date} is ${state}: its deliveries cannot be sent again.`,
      )
    }
    const chosen = sql`d.edition_id = ${id} AND d.state = ANY(${sql.param(only)}::delivery_state[])
      AND EXISTS (SELECT FROM batches b WHERE b.id = d.batch_id AND b.state = 'done')
      AND EXISTS (SELECT FROM subscribers s WHERE s.id = d.subscriber_id AND ${canBeEmailed(now())} AND ${isFor(edition)})`
    const rows = await query(tx, { state: text, n: number })`
      SELECT d.state, count(*)::int AS n FROM deliveries d WHERE ${chosen} GROUP BY d.state`
    const counts = Object.fromEntries(rows.map((row) => [row.state, row.n]))
    const total = rows.reduce((sum, row) => sum + row.n, 0)
    if (dryRun || total === 0) return counts
    const expiresAt = new Date(now().getTime() + config.DIGEST_EXPIRY_HOURS * 3_600_000)
    await tx.execute(sql`
      WITH made AS (
        INSERT INTO batches (edition_id, due_at) SELECT ${id}::bigint, ${now()}::timestamptz
        FROM generate_series(1, ${Math.ceil(total / BATCH_SIZE)}::int) RETURNING id
      ), numbered AS (
        SELECT id, row_number() OVER (ORDER BY id) - 1 AS n FROM made
      ), picked AS (
        SELECT d.subscriber_id, (row_number() OVER (ORDER BY d.subscriber_id) - 1) / ${BATCH_SIZE}::int AS n FROM deliveries d WHERE ${chosen}
      )
      UPDATE deliveries d SET state = 'queued', batch_id = numbered.id, crashes = 0,
        -- One cut less before it stays unknown. That it may have arrived is remembered, whatever the next outcome.
        cuts = ${mayHaveArrived(sql`d`)}::int, expires_at = ${expiresAt}, settled_at = NULL,
        -- The others certainly did not arrive, and digests since may have shown the same papers.
        shown = CASE WHEN ${mayHaveArrived(sql`d`)} THEN d.shown END
      FROM picked JOIN numbered USING (n) WHERE d.edition_id = ${id} AND d.subscriber_id = picked.subscriber_id`)
    await tx.execute(sql`
      UPDATE editions SET state = CASE WHEN state = 'paused' THEN state ELSE 'sending' END, sent_at = NULL, answered = 0, refused = 0 WHERE id = ${id}`)
    return counts
  })
}
