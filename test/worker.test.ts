import { sql } from 'drizzle-orm'
import { afterEach, expect, vi } from 'vitest'
import { passRestoreGuard, whyHalted } from '../src/delivery/ledger/restore-guard.ts'
import { planAll } from '../src/delivery/plan/plan-all.ts'
import { BATCHES_AT_ONCE } from '../src/delivery/send/delivery-context.ts'
import { addEndpoint, queueTest } from '../src/operate/webhooks/endpoints.ts'
import { WEBHOOK_EVENTS } from '../src/operate/webhooks/events.ts'
import { apiKeys, idempotentRequests } from '../src/runtime/db/schema.ts'
import { openQueues } from '../src/runtime/queue.ts'
import { startWorker } from '../workers/worker.ts'
import { startReceiver } from './operate/webhooks/receiver.ts'
import { test } from './support/database.ts'
import { addSubscriber, NOON, releasedEdition, servicesOn } from './support/services.ts'
import { openSink } from './support/sink.ts'

const stack: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of stack.splice(0).reverse()) await close()
  vi.useRealTimers()
})

test('a restarted worker starts due batches at once, even if another ran this tick', async ({ db, databaseUrl }) => {
  // The tick does not change, so the queue drops the second worker's jobs as done.
  vi.useFakeTimers({ toFake: ['Date'], now: new Date() })
  const sink = await openSink()
  stack.push(() => sink.close())
  const queues = await openQueues({ databaseUrl, installation: 'test', onError: () => {} })
  stack.push(() => queues.close())
  const services = { ...servicesOn(db, { DATABASE_URL: databaseUrl, SMTP_URL: sink.url }), queues }
  const sendWithWorker = async (date: string, messages: number) => {
    await planAll(services, await releasedEdition(services, date))
    const worker = await startWorker(services, [])
    await expect.poll(() => sink.taken.length, { timeout: 5_000 }).toBe(messages)
    await worker.stop()
  }
  await addSubscriber(db, 'ada@example.org')
  await sendWithWorker('2026-04-13', 1)
  await sendWithWorker('2026-04-14', 2)
}, 20_000)

test('batches that the queue has do not wait until it has answered about the next', async ({ db, databaseUrl }) => {
  const sink = await openSink()
  stack.push(() => sink.close())
  const queues = await openQueues({ databaseUrl, installation: 'test', onError: () => {} })
  stack.push(() => queues.close())
  const services = { ...servicesOn(db, { DATABASE_URL: databaseUrl, SMTP_URL: sink.url }), queues }
  await addSubscriber(db, 'ada@example.org')
  const dates = Array.from({ length: BATCHES_AT_ONCE + 1 }, (_, day) => `2026-04-${11 + day}`)
  for (const date of dates) {
    const { batchIds } = await planAll(services, await releasedEdition(services, date))
    for (const batchId of batchIds) await queues.wake('send-batch', { batchId }, `${batchId}-0`)
  }
  const answered = Promise.withResolvers<void>()
  const slow = {
    ...queues,
    wake: (...job: Parameters<typeof queues.wake>) =>
      job[0] === 'send-batch' ? answered.promise : queues.wake(...job),
  }
  const worker = await startWorker({ ...services, queues: slow as typeof queues }, [])
  stack.push(() => worker.stop())
  stack.push(async () => answered.resolve())
  await expect.poll(() => sink.taken.length, { timeout: 10_000 }).toBe(dates.length)
}, 20_000)

test('a worker that starts on a restored database halts it before an email is due', async ({ db, databaseUrl }) => {
  const queues = await openQueues({ databaseUrl, installation: 'test', onError: () => {} })
  stack.push(() => queues.close())
  const services = { ...servicesOn(db, { DATABASE_URL: databaseUrl }), queues }
  expect(await passRestoreGuard(services)).toBe(true)
  await db.execute(sql`UPDATE mailing SET cluster = '{"server":"another","database":"1","table":"1","files":null}'`)
  const worker = await startWorker(services, [])
  stack.push(() => worker.stop())
  await expect.poll(() => whyHalted(db)).toMatchObject({ why: expect.stringContaining('restored') })
}, 20_000)

test('a webhook endpoint that answers late leaves the other jobs their places', async ({ db, databaseUrl }) => {
  const receiver = await startReceiver()
  stack.push(receiver.close)
  let answerNow = () => {}
  const held = new Promise<void>((done) => (answerNow = done))
  receiver.answer.before = () => held
  const queues = await openQueues({ databaseUrl, installation: 'test', onError: () => {} })
  stack.push(() => queues.close())
  const set = { DATABASE_URL: databaseUrl, WEBHOOKS_TO_PRIVATE_NETWORKS: 'on' }
  const services = { ...servicesOn(db, set), queues }
  const { id } = await addEndpoint(services, { url: receiver.url, events: WEBHOOK_EVENTS, includeAddresses: false })
  for (let n = 0; n < 60; n++) await queueTest(services, id)
  const worker = await startWorker(services, [])
  stack.push(() => {
    answerNow()
    return worker.stop()
  })
  for (let tick = 0; tick < 8; tick++) await queues.wake('send-webhooks', {}, `tick ${tick}`)
  await expect.poll(() => receiver.got.length, { timeout: 10_000 }).toBeGreaterThan(0)
  await db.insert(apiKeys).values({
    name: 'a',
    secretHash: Buffer.alloc(32),
    hint: '',
    scopes: [],
    perMinute: 1,
    createdAt: NOON,
    createdBy: '',
  })
  await db
    .insert(idempotentRequests)
    .values({ apiKeyId: 1, key: 'old', requestHash: Buffer.alloc(32), startedAt: new Date(0) })
  await queues.wake('delete-expired', {}, 'again')
  await expect.poll(() => db.$count(idempotentRequests), { timeout: 6_000 }).toBe(0)
}, 60_000)
