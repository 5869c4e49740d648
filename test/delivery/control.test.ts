import { eq, sql } from 'drizzle-orm'
import { describe, expect, onTestFinished, vi } from 'vitest'
import { dueBatches } from '../../src/delivery/ledger/batches.ts'
import { planAll } from '../../src/delivery/plan/plan-all.ts'
import { describePlan, sendPlan } from '../../src/delivery/plan/send-plan.ts'
import { deliverBatch } from '../../src/delivery/send/deliver-batch.ts'
import { cancel, pause, resume } from '../../src/edition/draft/control.ts'
import { startDatabaseClock } from '../../src/runtime/db/clock.ts'
import type { Db } from '../../src/runtime/db/database.ts'
import { deliveries, editions, subscribers, suppressions } from '../../src/runtime/db/schema.ts'
import type { Services } from '../../src/runtime/services.ts'
import { test } from '../support/database.ts'
import { deliveryStates, NEVER, sinkThat, workerOn } from '../support/sending.ts'
import { addReaders, addSubscriber, NOON, releasedEdition, servicesOn } from '../support/services.ts'
import { type Sink, smtpReply } from '../support/sink.ts'

const KEY = { kind: 'daily' as const, date: '2026-04-14' }

const contextOn = (services: Services, { url }: Sink) => workerOn(services, `${url}?name=main`)
const editionOf = async (db: Db) => (await db.select().from(editions).where(eq(editions.date, KEY.date)))[0]!

describe('the operator’s order takes effect despite a slow relay', { timeout: 60_000 }, () => {
  for (const [name, act, left] of [
    ['pause', pause, 'queued'],
    ['cancel', cancel, 'skipped'],
  ] as const) {
    test(`${name}: deliveries in flight finish, waiting ones do not begin`, async ({ db }) => {
      const services = servicesOn(db)
      let begun = 0
      const gate = Promise.withResolvers<void>()
      const sink = await sinkThat({
        data: async () => {
          begun++
          await gate.promise
        },
      })
      await addReaders(db, 30)
      const { batchIds } = await planAll(services, await releasedEdition(services))
      const working = deliverBatch(contextOn(services, sink), batchIds[0]!, NEVER)
      await expect.poll(() => begun, { timeout: 20_000 }).toBe(2)
      // Two are in flight, two more are marked and wait for a connection.
      expect((await deliveryStates(db)).handed).toBe(4)
      await act(services, KEY)
      // Half a second in the engine; the test checks later on a busy machine.
      await expect.poll(async () => (await deliveryStates(db)).handed, { timeout: 20_000 }).toBe(2)
      gate.resolve()
      await working
      expect(sink.taken).toHaveLength(2)
      expect((await deliveryStates(db)).accepted).toBe(2)
      if (name === 'pause') {
        expect(await deliveryStates(db)).toEqual({ accepted: 2, [left]: 28 })
        expect(await db.$count(deliveries, sql`hand_overs > 0 AND state = 'queued'`)).toBe(0)
        await resume(services, KEY)
        for (const { batchId } of await dueBatches(db, services.now())) {
          await deliverBatch(contextOn(services, sink), batchId, NEVER)
        }
        expect(await deliveryStates(db)).toEqual({ accepted: 30 })
        expect(sink.taken).toHaveLength(30)
      }
    })
  }
})

describe('a mailbox that does not exist', () => {
  test('is suppressed together with its outcome; a policy refusal is not', async ({ db }) => {
    const services = servicesOn(db)
    const sink = await sinkThat({
      recipient: (to) => {
        if (to.startsWith('gone')) return smtpReply(550, '5.1.1 no such user')
        if (to.startsWith('blocked')) return smtpReply(550, '5.7.1 blocked')
        return to.startsWith('full') ? smtpReply(552, '5.2.2 mailbox full') : undefined
      },
    })
    for (const name of ['gone', 'blocked', 'full', 'fine']) await addSubscriber(db, `${name}@example.org`)
    const { batchIds } = await planAll(services, await releasedEdition(services))
    await deliverBatch(contextOn(services, sink), batchIds[0]!, NEVER)
    const status = Object.fromEntries(
      (await db.select().from(subscribers)).map((row) => [row.email!.split('@')[0], row.status]),
    )
    expect(status).toEqual({ gone: 'bounced', blocked: 'active', full: 'active', fine: 'active' })
    expect((await db.select().from(suppressions)).map((row) => row.reason)).toEqual(['hard bounce'])
    const [row] = await db.select().from(deliveries).where(sql`state = 'accepted'`)
    expect(row).toMatchObject({ relay: 'main', reply: expect.stringContaining('250') })
  })
})

describe('the error budget', () => {
  test('pauses an edition with too many refusals and gives the reason; resuming starts a new budget', async ({
    db,
  }) => {
    const services = servicesOn(db, { ERROR_BUDGET_PERCENT: '20' })
    let refusing = true
    const sink = await sinkThat({
      recipient: (to) => (refusing && Number(to.match(/\d+/)![0]) % 3 === 0 ? smtpReply(550, '5.0.0 no') : undefined),
    })
    await addReaders(db, 240)
    const { batchIds } = await planAll(services, await releasedEdition(services))
    const context = contextOn(services, sink)
    for (let n = 0; n < 20 && (await editionOf(db)).state !== 'paused'; n++) {
      await deliverBatch(context, batchIds[0]!, NEVER)
      await db.execute(sql`UPDATE batches SET due_at = ${NOON}`)
    }
    const edition = await editionOf(db)
    expect(edition).toMatchObject({ state: 'paused', pausedWhy: expect.stringContaining('refused') })
    const after = await deliveryStates(db)
    expect(after.accepted! + after.refused!).toBeGreaterThanOrEqual(100)
    expect(after.queued).toBeGreaterThan(50)
    refusing = false
    await resume(services, KEY)
    await db.execute(sql`UPDATE batches SET due_at = ${NOON}`)
    await deliverBatch(contextOn(services, sink), batchIds[0]!, NEVER)
    expect(await editionOf(db)).toMatchObject({ state: 'sending', pausedWhy: null })
    expect((await deliveryStates(db)).queued).toBeUndefined()
  })

  test('that was lowered below the refusals so far pauses the edition before the next email', async ({ db }) => {
    const services = servicesOn(db, { ERROR_BUDGET_PERCENT: '5' })
    const sink = await sinkThat()
    await addReaders(db, 2)
    const { batchIds } = await planAll(services, await releasedEdition(services))
    await db.update(editions).set({ answered: 200, refused: 12 })
    await deliverBatch(contextOn(services, sink), batchIds[0]!, NEVER)
    expect(await editionOf(db)).toMatchObject({ state: 'paused', pausedWhy: expect.stringContaining('12 of 200') })
    expect(await deliveryStates(db)).toEqual({ queued: 2 })
  })
})

describe('a plan before sending', () => {
  test('reports whether it fits the window', async ({ db }) => {
    const planned = async (settings: Record<string, string>) => {
      const services = servicesOn(db, settings)
      const [edition] = await db.select().from(editions)
      const id = edition?.id ?? (await releasedEdition(services))
      if (!edition) await planAll(services, id)
      return describePlan(await sendPlan(services, id), services.now())
    }
    await addReaders(db, 600)
    expect(await planned({ SEND_RATE_PER_SECOND: '0.5' })).toBe(
      '600 emails at 0.5/s; done by 12:20 UTC; window ends 2026-04-16 08:00 UTC, in time',
    )
    expect(await planned({ SEND_RATE_PER_SECOND: '0.005' })).toContain('too late')
    expect(await planned({ SMTP_URL: 'smtp://a.example?rate=0.2,smtp://b.example?rate=0.3' })).toContain('at 0.5/s')
    expect(await planned({ SMTP_URL: 'smtp://a.example?warmup=2026-04-15:100,200' })).toContain('done by 2026-04-16')
    expect(await planned({})).toBe('600 emails as fast as the relay accepts; window ends 2026-04-16 08:00 UTC')
    await db.execute(sql`UPDATE deliveries SET state = 'accepted', settled_at = ${NOON} WHERE subscriber_id > 1`)
    expect(await planned({ SEND_RATE_PER_SECOND: '5' })).toMatch(/^1 email at 5\/s; /)
    await db.execute(sql`UPDATE deliveries SET state = 'accepted', settled_at = ${NOON}`)
    expect(await planned({})).toBe('No email is left to send')
  })
})

test('the database clock decides due times, not this machine’s clock', async ({ db }) => {
  vi.spyOn(Date, 'now').mockImplementation(() => 0)
  const clock = await startDatabaseClock(db, (error) => {
    throw error
  })
  onTestFinished(() => clock.stop())
  const { rows } = await db.execute<{ at: string }>(sql`SELECT clock_timestamp() AS at`)
  expect(Math.abs(clock.now().getTime() - new Date(rows[0]!.at).getTime())).toBeLessThan(2_000)
})
