import { sql } from 'drizzle-orm'
import { expect } from 'vitest'
import { leaseBatch } from '../../src/delivery/ledger/batches.ts'
import { readPending } from '../../src/delivery/ledger/deliveries.ts'
import { settleEditions } from '../../src/delivery/ledger/settle-editions.ts'
import { startAttempts } from '../../src/delivery/ledger/start-attempts.ts'
import { planAll } from '../../src/delivery/plan/plan-all.ts'
import { openEditionRenderer } from '../../src/delivery/send/edition-renderer.ts'
import type { Db } from '../../src/runtime/db/database.ts'
import { test } from '../support/database.ts'
import { addReaders, addSubscriber, NOON, releasedEdition, servicesOn } from '../support/services.ts'

const GROUP = 10

/** Counts rows of readers and ledger that the work reads, by the database's statistics of this transaction. */
async function rowsRead<T>(db: Db, work: (tx: Db) => Promise<T>): Promise<{ rows: number; result: T }> {
  return db.transaction(async (tx) => {
    const count = async () => {
      const { rows } = await tx.execute<{ count: number }>(sql`
        SELECT sum(coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0))::int AS count FROM pg_stat_xact_user_tables
        WHERE relname LIKE 'deliveries%' OR relname = 'subscribers'`)
      return rows[0]!.count
    }
    const before = await count()
    const result = await work(tx as unknown as Db)
    return { rows: (await count()) - before, result }
  })
}

test('a batch reads only its own readers, and a group only its own rows', async ({ db }) => {
  const services = servicesOn(db)
  await addReaders(db, 10_000)
  const { batchIds } = await planAll(services, await releasedEdition(services))
  await db.execute(sql`ANALYZE`)
  const lease = (await leaseBatch(db, batchIds[0]!, NOON))!
  const { rows, result: pending } = await rowsRead(db, (tx) => readPending(tx, lease, 'resend'))
  expect(pending.length).toBeGreaterThan(5 * GROUP)
  expect(rows).toBeLessThanOrEqual(2 * pending.length)
  const edition = await openEditionRenderer(services).open(lease)
  const chosen = await edition.select(pending.slice(0, GROUP), db)
  const marked = await rowsRead(db, (tx) =>
    startAttempts(tx, lease, chosen, { releases: edition.releases, policy: 'resend', at: NOON }),
  )
  expect(marked.result).toHaveLength(GROUP)
  expect(marked.rows).toBeLessThan(10 * GROUP)
  // It records the group before, too.
  const accepted = marked.result.map(({ subscriberId, attempt }) => {
    const outcome = { state: 'accepted' as const, reply: '250 ok' }
    return { subscriberId, attempt, outcome }
  })
  const after = await edition.select(pending.slice(GROUP, 2 * GROUP), db)
  const both = await rowsRead(db, (tx) =>
    startAttempts(tx, lease, after, { releases: edition.releases, policy: 'resend', at: NOON, accepted }),
  )
  expect(both.result).toHaveLength(GROUP)
  expect(both.rows).toBeLessThan(12 * GROUP)
})

test('the check for unfinished deliveries reads the ledger once, not for each finished batch', async ({ db }) => {
  const services = servicesOn(db)
  await addReaders(db, 1_000)
  await planAll(services, await releasedEdition(services, '2026-04-13'))
  await db.execute(sql`ANALYZE`)
  // The statistics know neither this edition nor a finished batch.
  const editionId = await releasedEdition(services)
  await db.execute(sql`UPDATE editions SET state = 'sending' WHERE id = ${editionId}`)
  await db.execute(sql`
    WITH made AS (
      INSERT INTO batches (edition_id, due_at, state) SELECT ${editionId}::bigint, ${NOON}::timestamptz, 'done' FROM generate_series(1, 500)
      RETURNING id
    ), numbered AS (SELECT id, row_number() OVER () AS nr FROM made)
    INSERT INTO deliveries (edition_id, subscriber_id, batch_id, expires_at, state)
    SELECT ${editionId}::bigint, s.id, n.id, ${NOON}::timestamptz, 'accepted'
    FROM subscribers s JOIN numbered n ON n.nr = 1 + s.id % 500`)
  await addSubscriber(db, 'later@example.org')
  const { rows } = await rowsRead(db, (tx) => settleEditions({ ...services, db: tx }))
  expect(rows).toBeLessThan(10_000)
})
