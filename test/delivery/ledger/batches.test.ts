import { eq, type SQL, sql } from 'drizzle-orm'
import { expect } from 'vitest'
import { leaseBatch, returnBatch } from '../../../src/delivery/ledger/batches.ts'
import { planAll } from '../../../src/delivery/plan/plan-all.ts'
import { batches, deliveries } from '../../../src/runtime/db/schema.ts'
import { test } from '../../support/database.ts'
import { addReaders, NOON, releasedEdition, servicesOn } from '../../support/services.ts'

test('a batch stays open for a delivery that moves into it while it is returned', async ({ db }) => {
  const services = servicesOn(db)
  const editionId = await releasedEdition(services)
  await addReaders(db, 1)
  await planAll(services, editionId)
  const [retries] = await db.insert(batches).values({ editionId, dueAt: NOON }).returning({ id: batches.id })
  const batchId = retries!.id
  const lease = (await leaseBatch(db, batchId, NOON))!
  const waits = sql`
    SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE '%UPDATE batches%'`
  let returned: Promise<void> | undefined
  await db.transaction(async (tx) => {
    // As recordOutcomes does: it locks the batch of the next attempt.
    await tx.update(batches).set({ dueAt: NOON }).where(eq(batches.id, batchId))
    await tx.update(deliveries).set({ state: 'deferred', batchId })
    returned = returnBatch(db, lease, 'resend', NOON)
    await expect.poll(async () => (await db.execute(waits)).rowCount).toBe(1)
  })
  await returned
  expect((await db.select().from(batches).where(eq(batches.id, batchId)))[0]!.state).toBe('open')
})

test('a lease that expires while it begins leaves the deliveries of the next one alone', async ({ db }) => {
  const services = servicesOn(db)
  const editionId = await releasedEdition(services)
  await addReaders(db, 1)
  await planAll(services, editionId)
  const [{ id: batchId }] = (await db.select().from(batches)) as [typeof batches.$inferSelect]
  const expire = () => db.update(batches).set({ leaseUntil: new Date(0) })
  await leaseBatch(db, batchId, NOON)
  await expire()
  // A process that stands still between its two statements, while another leases the batch and begins to send.
  let statements = 0
  const slow = new Proxy(db, {
    get: (target, name) =>
      name === 'execute'
        ? async (statement: SQL) => {
            if (++statements === 2) {
              await expire()
              await leaseBatch(db, batchId, NOON)
              await db.update(deliveries).set({ state: 'handed' })
            }
            return db.execute(statement)
          }
        : Reflect.get(target, name),
  })
  await leaseBatch(slow, batchId, NOON)
  expect(statements).toBe(2)
  expect((await db.select().from(deliveries))[0]!.state).toBe('handed')
})
