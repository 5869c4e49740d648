import { afterEach, expect, vi } from 'vitest'
import { planAll } from '../src/delivery/plan/plan-all.ts'
import { openQueues } from '../src/runtime/queue.ts'
import { startWorker } from '../workers/worker.ts'
import { test } from './support/database.ts'
import { addSubscriber, releasedEdition, servicesOn } from './support/services.ts'
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
