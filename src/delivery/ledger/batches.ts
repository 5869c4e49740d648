import { sql } from 'drizzle-orm'
import { z } from 'zod'
import type { Db } from '../../runtime/db/database.ts'
import { prepared } from '../../runtime/db/prepared.ts'
import { bigint, bool, moment, number, query, queryColumn, text } from '../../runtime/db/query.ts'
import { editionKind } from '../../runtime/db/schema.ts'
import { AFTER_WORKER_DEATH } from './attempts.ts'
import { AVAILABLE_BATCH, deliveryNeedsAttempt, NOT_HALTED, SENDABLE_EDITION } from './conditions.ts'

const Leased = z.object({
  batchId: bigint,
  editionId: bigint,
  kind: z.enum(editionKind.enumValues),
  date: text,
  /** the operator ordered it also for readers who did not ask for its kind */
  toEveryone: bool,
  /** names the release: a recalled edition is composed again */
  releasedAt: text,
  lease: text,
  /** rate bucket that the whole batch waits for; it is sent in slices as the rate allows */
  bucket: text.nullable(),
  /** leases so far, with this one */
  attempts: number,
  /** replies to its edition so far, for the error budget */
  answered: number,
  refused: number,
})

/** A batch leased by this worker. Lease times use the database clock, so worker clocks do not matter. */
export type Lease = z.output<typeof Leased>

const LEASE_SECONDS = 30
export const RENEW_EVERY_MS = 10_000

/**
 * Leases a due batch that no live worker holds. Deliveries that a dead worker left `handed` become `unknown` before this returns: the
 * relay may have accepted them. Returns undefined when the batch is not due or not available.
 */
export async function leaseBatch(db: Db, batchId: number, at: Date): Promise<Lease | undefined> {
  const statement = sql`
    UPDATE batches b SET state = 'leased', lease = gen_random_uuid(), attempts = attempts + 1,
      lease_until = now() + make_interval(secs => ${LEASE_SECONDS})
    FROM editions e
    WHERE b.id = ${batchId} AND e.id = b.edition_id AND ${SENDABLE_EDITION} AND b.due_at <= ${at}
      AND ${AVAILABLE_BATCH}
    RETURNING b.id AS batch_id, b.edition_id, e.kind, e.date::text, e.to_everyone, e.released_at::text, b.lease, b.booked AS bucket, b.attempts, e.answered, e.refused`
  const [leased] = await query(db, Leased, prepared(statement))
  if (!leased) return undefined
  // No earlier lease, no dead worker. A worker that dies before this statement leaves it to the next lease.
  if (leased.attempts > 1)
    await db.execute(sql`
      -- Locks: if this lease has expired since, \`handed\` is another worker's.
      WITH leased AS (SELECT id FROM batches WHERE id = ${batchId} AND lease = ${leased.lease} FOR UPDATE)
      UPDATE deliveries d SET ${AFTER_WORKER_DEATH}, settled_at = ${at}
      FROM leased WHERE d.edition_id = ${leased.editionId} AND d.batch_id = leased.id AND d.state = 'handed'`)
  return leased
}

/** Extends a lease. Returns false when another worker holds it. */
export async function renewLease(db: Db, { batchId, lease }: Lease): Promise<boolean> {
  const { rowCount } = await db.execute(sql`
    UPDATE batches SET lease_until = now() + make_interval(secs => ${LEASE_SECONDS}) WHERE id = ${batchId} AND lease = ${lease}`)
  return rowCount === 1
}

/** Returns whether a batch may go on: its edition is not paused or cancelled, and sending is not halted. */
export async function canContinue(db: Db, { editionId }: Lease): Promise<boolean> {
  const { rowCount } = await db.execute(sql`
    SELECT FROM editions e WHERE e.id = ${editionId} AND ${SENDABLE_EDITION} AND ${NOT_HALTED}`)
  return rowCount === 1
}

/** Locks a batch until the transaction ends. Returns false when the lease is lost. */
async function lockLeased(db: Db, batchId: number, lease: string): Promise<boolean> {
  const { rowCount } = await db.execute(sql`SELECT FROM batches WHERE id = ${batchId} AND lease = ${lease} FOR UPDATE`)
  return rowCount === 1
}

/** Moves deliveries of a batch to new batches that wait for a bucket. Does nothing if the lease is lost. */
export async function moveDeliveries(
  db: Db,
  { batchId, editionId, lease }: Lease,
  parts: readonly { subscriberIds: number[]; dueAt: Date }[],
  bucket: string,
): Promise<void> {
  await db.transaction(async (tx) => {
    if (!(await lockLeased(tx, batchId, lease))) return
    const ids = await queryColumn(tx, bigint)`
      INSERT INTO batches (edition_id, due_at, booked)
      SELECT ${editionId}::bigint, due_at, ${bucket} FROM unnest(${sql.param(parts.map((part) => part.dueAt.toISOString()))}::timestamptz[])
        WITH ORDINALITY AS w (due_at, n) ORDER BY n
      RETURNING id`
    const target = parts.flatMap((part, index) => part.subscriberIds.map(() => ids[index]!))
    await tx.execute(sql`
      UPDATE deliveries d SET batch_id = w.batch_id
      FROM unnest(${sql.param(parts.flatMap((part) => part.subscriberIds))}::bigint[], ${sql.param(target)}::bigint[]) AS w (subscriber_id, batch_id)
      WHERE d.edition_id = ${editionId} AND d.subscriber_id = w.subscriber_id AND d.batch_id = ${batchId} AND d.state <> 'handed'`)
  })
}

/**
 * Ends a lease: the batch is done when no delivery needs an attempt, else open again. Does nothing if the lease is lost.
 * @param again its next due time, if it stays open
 */
export async function returnBatch(
  db: Db,
  { batchId, editionId, lease }: Lease,
  policy: 'resend' | 'hold',
  again: Date,
): Promise<void> {
  const unfinished = sql`EXISTS (
    SELECT FROM deliveries d WHERE d.edition_id = ${editionId} AND d.batch_id = ${batchId} AND ${deliveryNeedsAttempt(policy)})`
  // A write that moves a delivery into the batch locks its row. If this statement waited for one, it does not see the delivery, but a
  // newer version of the row.
  await db.execute(
    prepared(sql`
      UPDATE batches b SET lease = NULL, lease_until = NULL, due_at = ${again},
        state = CASE WHEN ${unfinished} OR b.xmin <> (SELECT xmin FROM batches WHERE id = ${batchId}) THEN 'open' ELSE 'done' END::batch_state
      WHERE b.id = ${batchId} AND b.lease = ${lease}`),
  )
}

/** Postpones an open batch that cannot be sent now. */
export async function postponeBatch(db: Db, batchId: number, until: Date): Promise<void> {
  await db.execute(
    sql`UPDATE batches SET due_at = ${until} WHERE id = ${batchId} AND state = 'open' AND due_at < ${until}`,
  )
}

/** Returns due, available batches of sendable editions. The sweeper wakes workers for these. */
export const dueBatches = (db: Db, at: Date, most = 1000, editionId: number | null = null) =>
  query(
    db,
    { batchId: bigint, attempts: number },
    prepared(sql`
      SELECT b.id AS batch_id, b.attempts FROM batches b JOIN editions e ON e.id = b.edition_id
      WHERE b.state <> 'done' AND b.due_at <= ${at} AND ${SENDABLE_EDITION} AND ${AVAILABLE_BATCH}
        AND (${editionId}::bigint IS NULL OR b.edition_id = ${editionId}::bigint) AND ${NOT_HALTED}
      ORDER BY b.due_at, b.id LIMIT ${most}`),
  )

/** Returns when the next open batch of a sendable edition is due. */
export async function nextBatchDue(db: Db): Promise<Date | undefined> {
  const [dueAt] = await queryColumn(db, moment)`
    SELECT b.due_at FROM batches b JOIN editions e ON e.id = b.edition_id
    WHERE b.state = 'open' AND ${SENDABLE_EDITION} AND ${NOT_HALTED} ORDER BY b.due_at LIMIT 1`
  return dueAt
}
