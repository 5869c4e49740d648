import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { eq, sql } from 'drizzle-orm'
import { describe, expect, inject, onTestFinished } from 'vitest'
import { dueBatches, nextBatchDue } from '../../../src/delivery/ledger/batches.ts'
import {
  BY_OPERATOR,
  editionsToCancel,
  halt,
  haltIfRestored,
  passRestoreGuard,
  resumeAfterHalt,
  resumeAfterRestore,
  whyHalted,
} from '../../../src/delivery/ledger/restore-guard.ts'
import { planAll } from '../../../src/delivery/plan/plan-all.ts'
import { deliverBatch } from '../../../src/delivery/send/deliver-batch.ts'
import { sendEdition } from '../../../src/delivery/send/send-edition.ts'
import { assemble } from '../../../src/edition/draft/assemble.ts'
import { releaseDue } from '../../../src/edition/draft/release.ts'
import { startEmbeddedPostgres } from '../../../src/embedded/postgres.ts'
import { sendServiceEmails } from '../../../src/outbox/send-service-emails.ts'
import { type Db, databaseOn, migrate, openPool } from '../../../src/runtime/db/database.ts'
import { batches, deliveries, editions, mailing, outbox } from '../../../src/runtime/db/schema.ts'
import { readInstallation } from '../../../src/runtime/installation.ts'
import {
  combineRestoreMarkers,
  fileRestoreMarkers,
  type RestoreMarkerStore,
} from '../../../src/runtime/restore-marker.ts'
import type { Services } from '../../../src/runtime/services.ts'
import { test } from '../../support/database.ts'
import { onDatabase, runSql } from '../../support/global-setup.ts'
import { NEVER, sinkThat, workerOn } from '../../support/sending.ts'
import {
  addPapers,
  addReaders,
  addSubscriber,
  inMemoryRestoreMarkers,
  releasedEdition,
  servicesOn,
} from '../../support/services.ts'
import type { Sink } from '../../support/sink.ts'

const contextOn = (services: Services, { url }: Sink) => workerOn(services, url)
const mailsOn = (db: Db, restoreMarkers: RestoreMarkerStore) => passRestoreGuard({ ...servicesOn(db), restoreMarkers })

/** Opens a database for the test's duration. */
function connectTo(url: string): Db {
  const pool = openPool(url, () => {}, 2)
  onTestFinished(() => pool.end())
  return databaseOn(pool)
}

test('a database that keeps sending, from several workers, never looks restored', async ({ db }) => {
  const restoreMarkers = inMemoryRestoreMarkers()
  for (let round = 0; round < 5; round++) {
    expect(await Promise.all([1, 2, 3, 4].map(() => mailsOn(db, restoreMarkers)))).toEqual([true, true, true, true])
  }
  expect(await mailsOn(db, inMemoryRestoreMarkers()), 'a worker on a new machine').toBe(true)
})

describe('no email is sent from', () => {
  test('a copy in another database, such as a restored dump, also without a marker', async ({ db, databaseUrl }) => {
    expect(await mailsOn(db, inMemoryRestoreMarkers())).toBe(true)
    const name = new URL(databaseUrl).pathname.slice(1)
    await runSql(
      onDatabase(inject('serverUrl'), 'postgres'),
      `
      SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '${name}'`,
    )
    await runSql(onDatabase(inject('serverUrl'), 'postgres'), `CREATE DATABASE restored_${name} TEMPLATE ${name}`)
    const restored = connectTo(onDatabase(inject('serverUrl'), `restored_${name}`))
    expect(await mailsOn(restored, inMemoryRestoreMarkers())).toBe(false)
    expect((await whyHalted(restored))!.why).toContain('restored')
    expect(await mailsOn(db, inMemoryRestoreMarkers()), 'the original goes on').toBe(true)
  })

  test('tables that were dropped and restored into the same database', async ({ db }) => {
    expect(await mailsOn(db, inMemoryRestoreMarkers())).toBe(true)
    await db.execute(sql`ALTER TABLE deliveries RENAME TO old`)
    await db.execute(sql`CREATE TABLE deliveries (LIKE old INCLUDING ALL) PARTITION BY RANGE (edition_id)`)
    expect(await mailsOn(db, inMemoryRestoreMarkers())).toBe(false)
  })

  test('a database that was set back, by any means', async ({ db }) => {
    const restoreMarkers = inMemoryRestoreMarkers()
    const before = await addSubscriber(db, 'ada@example.org')
    for (let n = 0; n < 3; n++) await mailsOn(db, restoreMarkers)
    await db.execute(sql`UPDATE mailing SET tick = 1`)
    expect(await mailsOn(db, restoreMarkers)).toBe(false)
    expect(await mailsOn(db, restoreMarkers)).toBe(false)
    const after = await addSubscriber(db, 'grace@example.org')
    expect(after - before, 'ids of readers since are not given again').toBeGreaterThan(1_000_000)
    expect(after - before, 'skipped once').toBeLessThan(20_000_000)
    expect((await whyHalted(db))!.why).toContain('lacks emails')
    expect(await mailsOn(db, inMemoryRestoreMarkers()), 'told to workers that saw nothing').toBe(false)
  })

  test.for([
    ['a worker starts', (services: Services) => haltIfRestored(services)],
    ['the operator halts it', (services: Services) => halt(services)],
  ] as const)('a database that was set back, from the moment %s on, and gives no id again', async ([, act], { db }) => {
    const restoreMarkers = inMemoryRestoreMarkers()
    const services = { ...servicesOn(db), restoreMarkers }
    const before = await addSubscriber(db, 'ada@example.org')
    for (let n = 0; n < 3; n++) await mailsOn(db, restoreMarkers)
    await act(services)
    await resumeAfterHalt(services)
    expect(await addSubscriber(db, 'grace@example.org'), 'no restore').toBe(before + 1)
    await db.execute(sql`UPDATE mailing SET tick = 1`)
    await act(services)
    expect((await whyHalted(db))!.why).toContain('lacks emails')
    expect(await addSubscriber(db, 'alan@example.org')).toBeGreaterThan(1_000_000)
  })

  test.for([
    ['starts', (services: Services) => haltIfRestored(services)],
    ['is halted', (services: Services) => halt(services)],
  ] as const)(
    'a database that %s before its first email, once its queue is open, which is no restore',
    async ([, act], { db }) => {
      const services = servicesOn(db)
      await readInstallation(db)
      await act(services)
      expect((await whyHalted(db))?.why ?? BY_OPERATOR).toBe(BY_OPERATOR)
      if (await whyHalted(db)) await resumeAfterHalt(services)
      expect(await passRestoreGuard(services)).toBe(true)
    },
  )

  test('a backup that was made while the operator had halted it, and gives no id again', async ({ db }) => {
    const services = servicesOn(db)
    expect(await passRestoreGuard(services)).toBe(true)
    await halt(services)
    await haltIfRestored(services)
    expect((await whyHalted(db))!.why, 'no restore').toBe(BY_OPERATOR)
    await db.execute(sql`UPDATE mailing SET cluster = jsonb_set(cluster::jsonb, '{server}', '"another"')::text`)
    await haltIfRestored(services)
    expect((await whyHalted(db))!.why).toContain('restored')
    const first = await addSubscriber(db, 'ada@example.org')
    expect(first).toBeGreaterThan(1_000_000)
    await haltIfRestored(services)
    expect(await addSubscriber(db, 'grace@example.org'), 'skipped once').toBe(first + 1)
  })

  test('a database that was set back by one batch, which would be sent again', async ({ db }) => {
    const restoreMarkers = inMemoryRestoreMarkers()
    for (let n = 0; n < 3; n++) await mailsOn(db, restoreMarkers)
    await db.execute(sql`UPDATE mailing SET tick = tick - 1`)
    expect(await mailsOn(db, restoreMarkers)).toBe(false)
    expect((await whyHalted(db))!.why).toContain('lacks emails')
  })

  test('a folder whose files were copied back, with and without a marker elsewhere', { timeout: 120_000 }, async () => {
    const home = mkdtempSync(join(tmpdir(), 'paperboy-restore-'))
    const dataDir = join(home, 'data')
    onTestFinished(() => rmSync(home, { recursive: true, force: true }))
    const open = async () => {
      const postgres = await startEmbeddedPostgres({ dataDir })
      const pool = openPool(postgres.url, () => {}, 1)
      return {
        url: postgres.url,
        db: databaseOn(pool),
        async close() {
          await pool.end()
          await postgres.stop()
        },
        remove: postgres.remove,
      }
    }
    const elsewhere = inMemoryRestoreMarkers()
    const both = combineRestoreMarkers([fileRestoreMarkers(dataDir), elsewhere], () => {})
    const first = await open()
    await migrate(first.url)
    expect(await mailsOn(first.db, both)).toBe(true)
    const { rows } = await first.db.execute<{ folder: string }>(sql`SELECT current_setting('data_directory') AS folder`)
    const { folder } = rows[0]!
    await first.close()
    const backup = join(home, 'backup')
    for (const [from, to] of [
      [dataDir, 'data'],
      [folder, 'cluster'],
    ] as const) {
      cpSync(from, join(backup, to), { recursive: true, preserveTimestamps: true })
    }
    const second = await open()
    for (let n = 0; n < 3; n++) expect(await mailsOn(second.db, both), 'a restart is no restore').toBe(true)
    await second.close()
    rmSync(folder, { recursive: true })
    cpSync(join(backup, 'data', 'restore-markers'), join(dataDir, 'restore-markers'), { recursive: true })
    cpSync(join(backup, 'cluster'), folder, { recursive: true, preserveTimestamps: true })
    if (process.getuid?.() === 0) await giveBack(folder, join(backup, 'cluster'), dataDir)
    const third = await open()
    onTestFinished(() => third.remove())
    onTestFinished(() => third.close())
    expect(await mailsOn(third.db, fileRestoreMarkers(dataDir)), 'all of DATA_DIR was set back').toBe(false)
    await third.db.execute(sql`UPDATE mailing SET halted_at = NULL, halted_why = NULL, cluster = NULL`)
    expect(await mailsOn(third.db, elsewhere), 'Redis remembers').toBe(false)
  })
})

/** Restores the owner of copied files: copies made by root belong to root. */
async function giveBack(folder: string, _backup: string, dataDir: string): Promise<void> {
  const { readFileSync } = await import('node:fs')
  const { execFileSync } = await import('node:child_process')
  const { owner } = JSON.parse(readFileSync(join(dataDir, 'postgres.json'), 'utf8'))
  execFileSync('chown', ['-R', `${owner.uid}:${owner.gid}`, folder])
  execFileSync('chmod', ['-R', 'go-rwx', folder])
}

test('while halted, no digest, service email or operator’s order is sent', async ({ db }) => {
  const services = servicesOn(db)
  const sink = await sinkThat()
  await addReaders(db, 3)
  const pending = await addSubscriber(db, 'new@example.org', { status: 'pending', confirmNonce: Buffer.alloc(8, 1) })
  const { batchIds } = await planAll(services, await releasedEdition(services))
  await db.insert(outbox).values({
    kind: 'confirm',
    subscriberId: pending,
    messageKey: Buffer.alloc(16),
    dueAt: services.now(),
    createdAt: services.now(),
  })
  await halt(services)
  const context = contextOn(services, sink)
  expect(await deliverBatch(context, batchIds[0]!, NEVER)).toBeUndefined()
  expect(await sendServiceEmails({ ...services, relay: context.relay }, NEVER)).toBe(0)
  const order = { now: true, wait: false, stop: NEVER, onProgress: () => {} }
  await expect(sendEdition(services, { kind: 'daily', date: '2026-04-14' }, order)).rejects.toMatchObject({
    code: 'MAILING_HALTED',
  })
  expect(sink.taken).toEqual([])
  await resumeAfterRestore(services, true)
  expect(await deliverBatch(context, batchIds[0]!, NEVER)).toMatchObject({ accepted: 3 })
  expect(await sendServiceEmails({ ...services, relay: context.relay }, NEVER)).toBe(1)
})

test('resuming after a restore that only the operator knew of gives no id again', async ({ db }) => {
  const services = servicesOn(db)
  await addReaders(db, 2)
  await halt(services)
  await resumeAfterRestore(services, true)
  expect(await addSubscriber(db, 'new@example.org')).toBeGreaterThan(1_000_000)
})

test('while halted, workers find no due batches instead of asking forever', async ({ db }) => {
  const services = servicesOn(db)
  await addReaders(db, 3)
  const { batchIds } = await planAll(services, await releasedEdition(services))
  await halt(services)
  expect([await dueBatches(db, services.now()), await nextBatchDue(db)]).toEqual([[], undefined])
  await resumeAfterRestore(services, true)
  expect(await dueBatches(db, services.now())).toEqual([{ batchId: batchIds[0], attempts: 0 }])
  expect(await nextBatchDue(db)).toEqual(services.now())
})

test('a halt holds after the database is set back: the marker keeps it', async ({ db }) => {
  const services = servicesOn(db)
  expect(await passRestoreGuard(services)).toBe(true)
  await halt(services)
  await db.execute(sql`UPDATE mailing SET halted_at = NULL, halted_why = NULL, tick = 2000`)
  expect(await passRestoreGuard(services)).toBe(false)
  await resumeAfterRestore(services, false)
  expect(await passRestoreGuard(services)).toBe(true)
})

test('a running order ends when sending is halted, instead of waiting for due batches', async ({ db }) => {
  const services = servicesOn(db)
  const sink = await sinkThat({ data: async () => void (await halt(services)) })
  await addReaders(db, 40)
  await releasedEdition(services)
  const own = { ...services, config: { ...services.config, SMTP_URL: sink.url, SMTP_CONNECTIONS: 2 } }
  const order = { now: true, wait: false, stop: NEVER, onProgress: () => {} }
  await expect(sendEdition(own, { kind: 'daily', date: '2026-04-14' }, order)).rejects.toMatchObject({
    code: 'MAILING_HALTED',
  })
})

test('halting during a batch stops it within a group', async ({ db }) => {
  const services = servicesOn(db)
  const sink = await sinkThat({
    data: async () => void (await db.execute(sql`UPDATE mailing SET halted_at = now(), halted_why = 'x'`)),
  })
  await addReaders(db, 40)
  const { batchIds } = await planAll(services, await releasedEdition(services))
  await deliverBatch(contextOn(services, sink), batchIds[0]!, NEVER)
  expect(sink.taken.length).toBeLessThanOrEqual(4)
  expect(await db.$count(deliveries, eq(deliveries.state, 'unknown'))).toBe(0)
})

describe('resuming after a halt', () => {
  test('sends again, and cancels nothing', async ({ db }) => {
    const services = servicesOn(db)
    expect(await passRestoreGuard(services)).toBe(true)
    await releasedEdition(services)
    await halt(services)
    await resumeAfterHalt(services)
    expect(await whyHalted(db)).toBeUndefined()
    expect((await db.select().from(editions)).map(({ state }) => state)).toEqual(['released'])
    expect(await passRestoreGuard(services)).toBe(true)
  })

  test('is refused after a halt by the guard, or if the database was set back since', async ({ db }) => {
    const services = servicesOn(db)
    for (let n = 0; n < 3; n++) expect(await passRestoreGuard(services)).toBe(true)
    await halt(services)
    await db.execute(sql`UPDATE mailing SET tick = tick - 1`)
    await expect(resumeAfterHalt(services)).rejects.toMatchObject({ code: 'MAILING_HALTED' })
    await db.execute(
      sql`UPDATE mailing SET tick = tick + 1, cluster = jsonb_set(cluster::jsonb, '{server}', '"other"')::text`,
    )
    await expect(resumeAfterHalt(services)).rejects.toMatchObject({ code: 'MAILING_HALTED' })
    expect(await passRestoreGuard(services)).toBe(false)
    await db.execute(sql`UPDATE mailing SET halted_why = 'the database’s files were copied', cluster = NULL`)
    await expect(resumeAfterHalt(services)).rejects.toMatchObject({ code: 'MAILING_HALTED' })
  })
})

describe('resuming after a restore', () => {
  test('cancels unfinished editions and days closed since, whose emails may be sent; none is sent again', async ({
    db,
  }) => {
    const clock = { now: new Date('2026-04-15T12:00:00Z') }
    const services = servicesOn(db, {}, clock)
    const sink = await sinkThat()
    await addReaders(db, 3)
    const editionId = await releasedEdition(services)
    await planAll(services, editionId)
    const [row] = await db.select().from(deliveries).limit(1)
    await db
      .update(deliveries)
      .set({ state: 'handed', attempts: 1 })
      .where(eq(deliveries.subscriberId, row!.subscriberId))
    clock.now = new Date('2026-04-18T12:00:00Z')
    await halt(services)
    const open = await editionsToCancel(db)
    expect(open).toEqual([{ kind: 'daily', date: '2026-04-14', state: 'sending' }])
    expect(await resumeAfterRestore(services, false)).toEqual({ cancelled: open })
    const known = await db.select().from(editions).orderBy(editions.date)
    expect(
      known.map(({ date, state }) => `${date} ${state}`),
      'none is made',
    ).toEqual(['2026-04-14 cancelled'])
    expect((await db.select().from(deliveries)).map((one) => one.state).sort()).toEqual([
      'skipped',
      'skipped',
      'unknown',
    ])
    expect(await db.$count(batches, sql`state <> 'done'`)).toBe(0)
    const context = contextOn(services, sink)
    for (const { id } of await db.select({ id: batches.id }).from(batches)) await deliverBatch(context, id, NEVER)
    expect(sink.taken).toEqual([])
    await addPapers(db, '2026-04-17', 3)
    const made = await assemble(services, { date: '2026-04-17' })
    expect(made.heldWhy, 'a list that closed before').toMatch(/before the database was restored/)
    expect(await releaseDue(services)).toEqual([])
    clock.now = new Date('2026-04-19T12:00:00Z')
    await addPapers(db, '2026-04-18', 3)
    expect(await assemble(services, { date: '2026-04-18' }), 'one that closed after').toMatchObject({ held: false })
  })

  test('keeps the editions and makes drafts when the operator says that nothing was sent', async ({ db }) => {
    const services = servicesOn(db)
    await releasedEdition(services)
    await halt(services)
    expect(await resumeAfterRestore(services, true)).toEqual({ cancelled: [] })
    expect((await db.select().from(editions)).map(({ state }) => state)).toEqual(['released'])
    expect(await db.select({ at: mailing.restoredAt }).from(mailing)).toEqual([{ at: null }])
  })

  test('other machines’ markers do not halt it again', async ({ db }) => {
    const [here, there] = [inMemoryRestoreMarkers(), inMemoryRestoreMarkers()]
    for (let n = 0; n < 5; n++) await mailsOn(db, there)
    await mailsOn(db, here)
    await db.execute(sql`UPDATE mailing SET tick = 2`)
    expect(await mailsOn(db, here)).toBe(false)
    await resumeAfterRestore({ ...servicesOn(db), restoreMarkers: here }, false)
    expect(await mailsOn(db, there)).toBe(true)
    expect(await mailsOn(db, here)).toBe(true)
  })
})
