import { sql } from 'drizzle-orm'
import type { Db } from '../../runtime/db/database.ts'
import { AFTER_WORKER_DEATH } from './attempts.ts'
import { AVAILABLE_BATCH, deliveryNeedsAttempt, NOT_HALTED, SENDABLE_EDITION } from './conditions.ts'

/** A batch leased by this worker. Lease times use the database clock, so worker clocks do not matter. */
export interface Lease {
  batchId: number
  editionId: number
  lease: string
  /** rate bucket that the whole batch waits for; it is sent in slices as the rate allows */
  bucket: string | null
  /** replies to its edition so far, for the error budget */
  answered: number
  refused: number
}

const LEASE_SECONDS = 30
export const RENEW_EVERY_MS = 10_000

/**
 * Leases a due batch that no live worker holds. Deliveries that a dead worker left `handed` become `unknown` in the same transaction:
 * the relay may have accepted them. Returns undefined when the batch is not due or not available.
 */
export async function leaseBatch(db: Db, batchId: number, at: Date): Promise<Lease | undefined> {
  return db.transaction(async (tx) => {
    const { rows } = await tx.execute<{
      edition_id: string
      lease: string
      booked: string | null
      answered: number
      refused: number
    }>(sql`
      UPDATE batches b SET state = 'leased', lease = gen_random_uuid(), attempts = attempts + 1,
        lease_until = now() + make_interval(secs => ${LEASE_SECONDS})
      FROM editions e
      WHERE b.id = ${batchId} AND e.id = b.edition_id AND ${SENDABLE_EDITION} AND b.due_at <= ${at}
        AND ${AVAILABLE_BATCH}
      RETURNING b.edition_id, b.lease, b.booked, e.answered, e.refused`)
    const row = rows[0]
    if (!row) return undefined
    const editionId = Number(row.edition_id)
    await tx.execute(sql`
      UPDATE deliveries SET ${AFTER_WORKER_DEATH}, settled_at = ${at}
      WHERE edition_id = ${editionId} AND batch_id = ${batchId} AND state = 'handed'`)
    const { lease, booked: bucket, answered, refused } = row
    return { batchId, editionId, lease, bucket, answered, refused }
  })
}

/** Extends a lease. Returns false when another worker holds it. */
export async function renewLease(db: Db, { batchId, lease }: Lease): Promise<boolean> {
  const { rowCount } = await db.execute(sql`
    UPDATE batches SET lease_until = now() + make_interval(secs => ${LEASE_SECONDS}) WHERE id = ${batchId} AND lease = ${lease}`)
  return rowCount === 1
}

/** Returns whether a batch may go on: its edition is not paused or cancelled, and sending is not halted. */
export async function canContinue(db: Db, { editionId }: Lease): Promise<boolean> {
  const { rows } = await db.execute(sql`
    SELECT FROM editions e WHERE e.id = ${editionId} AND ${SENDABLE_EDITION} AND ${NOT_HALTED}`)
  return rows.length === 1
}

/** Moves deliveries of a batch to new batches that wait for a bucket. Does nothing if the lease is lost. */
export async function moveDeliveries(
  db: Db,
  { batchId, editionId, lease }: Lease,
  parts: readonly { subscriberIds: number[]; dueAt: Date }[],
  bucket: string,
): Promise<void> {
  await db.transaction(async (tx) => {
    const { rowCount } = await tx.execute(
      sql`SELECT FROM batches WHERE id = ${batchId} AND lease = ${lease} FOR UPDATE`,
    )
    if (rowCount === 0) return
    const { rows } = await tx.execute<{ id: string }>(sql`
      INSERT INTO batches (edition_id, due_at, booked)
      SELECT ${editionId}::bigint, due_at, ${bucket} FROM unnest(${sql.param(parts.map((part) => part.dueAt.toISOString()))}::timestamptz[])
        WITH ORDINALITY AS w (due_at, n) ORDER BY n
      RETURNING id`)
    const target = parts.flatMap((part, index) => part.subscriberIds.map(() => rows[index]!.id))
    await tx.execute(sql`
      UPDATE deliveries d SET batch_id = w.batch_id
      FROM unnest(${sql.param(parts.flatMap((part) => part.subscriberIds))}::bigint[], ${sql.param(target)}::bigint[]) AS w (subscriber_id, batch_id)
      WHERE d.edition_id = ${editionId} AND d.subscriber_id = w.subscriber_id AND d.batch_id = ${batchId} AND d.state <> 'handed'`)
  })
}

/**
 * Ends a lease: the batch is done when no delivery needs an attempt, else open again.
 * @param again its next due time, if it stays open
 */
export async function returnBatch(
  db: Db,
  { batchId, editionId, lease }: Lease,
  policy: 'resend' | 'hold',
  again: Date,
): Promise<void> {
  await db.transaction(async (tx) => {
    // Locks first: the second statement then sees deliveries that a concurrent write moves into the batch.
    const { rowCount } = await tx.execute(
      sql`SELECT FROM batches WHERE id = ${batchId} AND lease = ${lease} FOR UPDATE`,
    )
    if (rowCount === 0) return
    await tx.execute(sql`
      UPDATE batches SET lease = NULL, lease_until = NULL, due_at = ${again}, state = CASE WHEN EXISTS (
          SELECT FROM deliveries d WHERE d.edition_id = ${editionId} AND d.batch_id = ${batchId} AND ${deliveryNeedsAttempt(policy)}
        ) THEN 'open' ELSE 'done' END::batch_state
      WHERE id = ${batchId}`)
  })
}

/** Postpones an open batch that cannot be sent now. */
export async function postponeBatch(db: Db, batchId: number, until: Date): Promise<void> {
  await db.execute(
    sql`UPDATE batches SET due_at = ${until} WHERE id = ${batchId} AND state = 'open' AND due_at < ${until}`,
  )
}

/** Returns due, available batches of sendable editions. The sweeper wakes workers for these. */
export async function dueBatches(
  db: Db,
  at: Date,
  most = 1000,
  editionId: number | null = null,
): Promise<{ batchId: number; attempts: number }[]> {
  const { rows } = await db.execute<{ id: string; attempts: number }>(sql`
    SELECT b.id, b.attempts FROM batches b JOIN editions e ON e.id = b.edition_id
    WHERE b.state <> 'done' AND b.due_at <= ${at} AND ${SENDABLE_EDITION} AND ${AVAILABLE_BATCH}
      AND (${editionId}::bigint IS NULL OR b.edition_id = ${editionId}::bigint) AND ${NOT_HALTED}
    ORDER BY b.due_at, b.id LIMIT ${most}`)
  return rows.map((row) => ({ batchId: Number(row.id), attempts: row.attempts }))
}

/** Returns when the next open batch of a sendable edition is due. */
export async function nextBatchDue(db: Db): Promise<Date | undefined> {
  const { rows } = await db.execute<{ due_at: string }>(sql`
    SELECT b.due_at FROM batches b JOIN editions e ON e.id = b.edition_id
    WHERE b.state = 'open' AND ${SENDABLE_EDITION} AND ${NOT_HALTED} ORDER BY b.due_at LIMIT 1`)
  return rows[0] && new Date(rows[0].due_at)
}
