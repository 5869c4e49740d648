import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { sql } from 'drizzle-orm'
import { describe, expect, vi } from 'vitest'
import { passRestoreGuard, resumeAfterRestore, whyHalted } from '../../src/delivery/ledger/restore-guard.ts'
import { readEnvironment } from '../../src/runtime/config/config.ts'
import { jobs } from '../../src/runtime/jobs.ts'
import { type Handlers, openQueues, type Queues } from '../../src/runtime/queue.ts'
import { openRedis } from '../../src/runtime/redis.ts'
import { test } from '../support/database.ts'
import { startRedis, withoutRedis } from '../support/redis.ts'
import { startCluster, startSentinel } from '../support/redis-topologies.ts'
import { servicesOn } from '../support/services.ts'

/** Opens two workers on one queue. `woken` collects the batches that they were woken for. */
async function twoWorkers(
  url: string,
  stack: AsyncDisposableStack,
  installation = 'test',
): Promise<{ queues: Queues; woken: Set<number> }> {
  const woken = new Set<number>()
  const idle = Object.fromEntries(Object.keys(jobs).map((name) => [name, async () => {}])) as unknown as Handlers
  const handlers = { ...idle, 'send-batch': async ({ batchId }: { batchId: number }) => woken.add(batchId) }
  const open = async () => {
    const queues = await openQueues({
      databaseUrl: 'postgres://nowhere',
      redisUrl: url,
      installation,
      onError: () => {},
    })
    stack.defer(() => queues.close())
    queues.work(handlers, { scheduled: 1, emails: 1, batches: 1 }, () => {})
    return queues
  }
  await open()
  return { queues: await open(), woken }
}

const wakeFor = (queues: Queues, ids: number[]) =>
  Promise.all(ids.map((batchId) => queues.wake('send-batch', { batchId }, `${batchId}-0`)))
const range = (from: number, to: number) => Array.from({ length: to - from }, (_, index) => from + index)

describe.skipIf(withoutRedis)('the queue', { timeout: 120_000 }, () => {
  test('on a Redis Cluster of three, every batch reaches a worker, and the queues use more than one node', async () => {
    await using stack = new AsyncDisposableStack()
    const { url, nodes } = await startCluster(stack)
    expect(readEnvironment({ REDIS_URL: url }).REDIS_URL).toBe(url)
    const { queues, woken } = await twoWorkers(url, stack)
    await wakeFor(queues, range(1, 51))
    await expect.poll(() => woken.size, { timeout: 20_000 }).toBe(50)
    await queues.wake('sweep-batches', {}, '1')
    await queues.wake('send-service-emails', {}, '1')
    const sizes = await Promise.all(nodes.map((node) => node.ask('DBSIZE')))
    expect(sizes.filter((size) => Number(size) > 0).length).toBeGreaterThan(1)
  })

  test('under Redis Sentinel, workers continue with the new master when the old one dies', async () => {
    await using stack = new AsyncDisposableStack()
    const { url, master } = await startSentinel(stack)
    const { queues, woken } = await twoWorkers(url, stack)
    await wakeFor(queues, range(1, 11))
    await expect.poll(() => woken.size, { timeout: 20_000 }).toBe(10)
    await master.kill()
    // The sweeper does the same: it adds again the jobs that were lost.
    await expect
      .poll(
        async () => {
          await wakeFor(queues, range(11, 21))
          return woken.size
        },
        { timeout: 90_000, interval: 250 },
      )
      .toBe(20)
  })
})

test('a server that no longer answers is left after fifteen seconds', async () => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  const client = openRedis(`redis://127.0.0.1:${(server.address() as AddressInfo).port}`)
  client.on('error', () => {})
  const left = new Promise((resolve) => client.once('reconnecting', resolve))
  const [socket] = await once(server, 'connection')
  await once(socket, 'data')
  await vi.advanceTimersByTimeAsync(15_000)
  await left
  vi.useRealTimers()
  client.disconnect()
  server.close()
})

describe.skipIf(withoutRedis)('the restore marker in Redis', () => {
  test('detects a database that went back in time, also for a new worker', async ({ db }) => {
    await using stack = new AsyncDisposableStack()
    const redis = await startRedis()
    stack.defer(() => redis.stop())
    const openMarkers = async () => {
      const queues = await openQueues({
        databaseUrl: 'postgres://nowhere',
        redisUrl: redis.url,
        installation: 'test',
        onError: () => {},
      })
      stack.defer(() => queues.close())
      return queues.restoreMarkers!
    }
    const services = servicesOn(db)
    const before = await openMarkers()
    for (let n = 0; n < 3; n++) expect(await passRestoreGuard({ ...services, restoreMarkers: before })).toBe(true)
    await db.execute(sql`UPDATE mailing SET tick = 1`)
    expect(await passRestoreGuard({ ...services, restoreMarkers: await openMarkers() })).toBe(false)
    expect((await whyHalted(db))!.why).toContain('lacks emails')
    await resumeAfterRestore({ ...services, restoreMarkers: before }, false)
    expect(await passRestoreGuard({ ...services, restoreMarkers: await openMarkers() })).toBe(true)
  })
})

test.skipIf(withoutRedis)('two installations on one Redis wake only their own workers', async () => {
  await using stack = new AsyncDisposableStack()
  const redis = await startRedis()
  stack.defer(() => redis.stop())
  const [first, second] = [await twoWorkers(redis.url, stack, 'first'), await twoWorkers(redis.url, stack, 'second')]
  await wakeFor(first.queues, range(1, 21))
  await wakeFor(second.queues, range(101, 121))
  await expect.poll(() => [first.woken.size, second.woken.size], { timeout: 20_000 }).toEqual([20, 20])
  expect(Math.max(...first.woken)).toBe(20)
  expect(Math.min(...second.woken)).toBe(101)
})

describe('REDIS_URL', () => {
  test.each([
    'redis://host',
    'rediss://user:p%40ss@host:6380/2',
    'redis://:secret@[::1]:6379',
    'redis+cluster://a:7000,b:7001,c:7002',
    'rediss+cluster://:secret@a,b',
    'redis+sentinel://:secret@a:26379,b:26379/main/3',
  ])('%s is valid', (url) => expect(readEnvironment({ REDIS_URL: url }).REDIS_URL).toBe(url))

  test.each([
    'http://host',
    'redis://a,b',
    'redis+sentinel://a:26379',
    'redis+cluster://a:7000/2',
    'redis://host:port',
    'redis://host/x',
    'redis+cluster://',
  ])('%s is invalid', (url) => expect(() => readEnvironment({ REDIS_URL: url })).toThrow(/REDIS_URL must/))
})
