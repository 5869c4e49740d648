import { Queue } from 'bullmq'
import { sql } from 'drizzle-orm'
import { describe, expect, onTestFinished, vi } from 'vitest'
import type { JobName } from '../../src/runtime/jobs.ts'
import { type Handlers, openQueues } from '../../src/runtime/queue.ts'
import { test } from '../support/database.ts'
import { startRedis, withoutRedis } from '../support/redis.ts'

const idle = async () => {}
const NOTHING: Handlers = {
  'collect-papers': idle,
  'look-up-submissions': idle,
  'index-papers': idle,
  'record-list-facts': idle,
  'fetch-thumbnails': idle,
  'refit-chance': idle,
  'delete-expired': idle,
  'assemble-edition': idle,
  'release-editions': idle,
  'plan-deliveries': idle,
  'send-batch': idle,
  'sweep-batches': idle,
  'settle-editions': idle,
  'send-service-emails': idle,
  'tidy-sign-ups': idle,
  'read-mailbox': idle,
  'count-sums': async () => {},
  'import-readers': async () => {},
  'raise-alerts': idle,
  'send-webhooks': idle,
}
const CONCURRENCY = { scheduled: 4, emails: 1, batches: 1 }

for (const backend of ['postgres', 'redis']) {
  describe.skipIf(backend === 'redis' && withoutRedis)(`on ${backend}`, () => {
    /** Opens queues, which close at the end of the test: after what the test ends itself, since the newest is called first. */
    const open = async (databaseUrl: string) => {
      const redis = backend === 'redis' ? await startRedis() : undefined
      const queues = await openQueues({ databaseUrl, redisUrl: redis?.url, installation: 'test', onError: () => {} })
      onTestFinished(async () => {
        await queues.close()
        await redis?.stop()
      })
      return queues
    }

    test('a process that pauses takes no batch until its pause ends; another one takes them', async ({
      databaseUrl,
      onTestFinished,
    }) => {
      const redis = backend === 'redis' ? await startRedis() : undefined
      onTestFinished(async () => void (await redis?.stop()))
      const taken: string[] = []
      const open = async (name: string) => {
        const queues = await openQueues({ databaseUrl, redisUrl: redis?.url, installation: 'test', onError: () => {} })
        onTestFinished(() => queues.close())
        queues.work({ ...NOTHING, 'send-batch': async () => taken.push(name) }, CONCURRENCY, () => {})
        return queues
      }
      const [cut, whole] = [await open('cut'), await open('whole')]
      const wakeFor = (batchId: number) => cut.wake('send-batch', { batchId }, `${batchId}-0`)
      cut.pause('batches', 60_000)
      // The job that it already waited for may still come to it.
      for (const batchId of [1, 2]) await wakeFor(batchId)
      await expect.poll(() => taken.length, { timeout: 20_000 }).toBe(2)
      taken.length = 0
      for (const batchId of [3, 4, 5, 6]) await wakeFor(batchId)
      await expect.poll(() => taken.length, { timeout: 20_000 }).toBe(4)
      expect(taken).not.toContain('cut')
      whole.pause('batches', 60_000)
      const back = await open('back')
      back.pause('batches', 1)
      for (const batchId of [7, 8, 9]) await wakeFor(batchId)
      await expect.poll(() => taken.filter((name) => name === 'back').length, { timeout: 20_000 }).toBeGreaterThan(1)
    })

    test('a batch can be added again at once after its job failed or had nothing to do', async ({ databaseUrl }) => {
      const queues = await open(databaseUrl)
      const failures: [JobName, unknown][] = []
      let runs = 0
      const sendBatch = async () => {
        runs++
        if (runs === 1) throw new Error('lost the database of ada@example.org')
      }
      queues.work({ ...NOTHING, 'send-batch': sendBatch }, CONCURRENCY, (...failed) => failures.push(failed))
      for (const wanted of [1, 2, 3]) {
        await expect
          .poll(
            async () => {
              await queues.wake('send-batch', { batchId: 7 }, '7-0')
              return runs
            },
            { timeout: 10_000 },
          )
          .toBeGreaterThanOrEqual(wanted)
      }
      expect(failures.map(([name]) => name)).toEqual(['send-batch'])
    })

    test('a job that a later version added during an upgrade is no failure', async ({ databaseUrl }) => {
      const queues = await open(databaseUrl)
      const failed = vi.fn()
      const known = vi.fn(idle)
      // One at a time: when the second ran, the first is over.
      queues.work({ ...NOTHING, 'read-mailbox': known }, { ...CONCURRENCY, scheduled: 1 }, failed)
      await queues.wake('a-later-job' as JobName, { newsletter: 1 } as never)
      await queues.wake('read-mailbox', {})
      await expect.poll(() => known.mock.calls.length, { timeout: 20_000 }).toBe(1)
      expect(failed).not.toHaveBeenCalled()
    })

    test('a rush of wakes adds few jobs, the last of them after the last wake', async ({ databaseUrl }) => {
      const queues = await open(databaseUrl)
      let [signUps, seen] = [0, 0]
      const send = async () => {
        seen = signUps
      }
      queues.work({ ...NOTHING, 'send-service-emails': send }, CONCURRENCY, () => {})
      using add = vi.spyOn(Queue.prototype, 'add')
      const wakes: Promise<void>[] = []
      for (let burst = 0; burst < 5; burst++) {
        for (let n = 0; n < 20; n++) {
          signUps++
          wakes.push(queues.wake('send-service-emails', {}))
        }
        await wakes.at(-20)
      }
      await Promise.all(wakes)
      expect(add.mock.calls.length).toBeLessThanOrEqual(10)
      await expect.poll(() => seen, { timeout: 20_000 }).toBe(100)
    })

    test('stopWorking waits for a running job, however long it takes', async ({ databaseUrl }) => {
      const queues = await open(databaseUrl)
      const job = Promise.withResolvers<void>()
      onTestFinished(() => job.resolve())
      let begun = false
      const sendBatch = () => {
        begun = true
        return job.promise
      }
      queues.work({ ...NOTHING, 'send-batch': sendBatch }, CONCURRENCY, () => {})
      await queues.wake('send-batch', { batchId: 7 }, '7-0')
      await expect.poll(() => begun, { timeout: 10_000 }).toBe(true)
      let stopped = false
      const stopping = queues.stopWorking().then(() => {
        stopped = true
      })
      // Longer than the timeout for a lost connection.
      await expect(expect.poll(() => stopped, { timeout: 3_000 }).toBe(true)).rejects.toThrow()
      job.resolve()
      await stopping
    })

    test('hanging emails do not delay scheduled jobs', async ({ databaseUrl }) => {
      const queues = await open(databaseUrl)
      const hang = Promise.withResolvers<void>()
      onTestFinished(() => hang.resolve())
      let swept = 0
      queues.work(
        {
          ...NOTHING,
          'send-service-emails': () => hang.promise,
          'send-batch': () => hang.promise,
          'sweep-batches': async () => swept++,
        },
        CONCURRENCY,
        () => {},
      )
      for (let tick = 0; tick < 6; tick++) await queues.wake('send-service-emails', {}, String(tick))
      await queues.wake('send-batch', { batchId: 1 }, '1-0')
      await queues.wake('sweep-batches', {})
      await expect.poll(() => swept, { timeout: 10_000 }).toBe(1)
    })
  })
}

test('a wake that PostgreSQL ended in a deadlock is added again, without a report', async ({
  db,
  databaseUrl,
  onTestFinished,
}) => {
  const errors: Error[] = []
  const onError = (error: Error) => void errors.push(error)
  const queues = await openQueues({ databaseUrl, installation: 'test', onError })
  onTestFinished(() => queues.close())
  // A sequence counts refused rows too: it is not rolled back.
  await db.execute(sql`CREATE SEQUENCE bullmq.tries`)
  await db.execute(sql`
    CREATE FUNCTION bullmq.refuse_first() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
      IF nextval('bullmq.tries') = 1 THEN RAISE 'deadlock detected' USING ERRCODE = '40P01'; END IF;
      RETURN NEW;
    END $$`)
  await db.execute(
    sql`CREATE TRIGGER refuse_first BEFORE INSERT ON bullmq.job FOR EACH ROW EXECUTE FUNCTION bullmq.refuse_first()`,
  )
  const sent = Promise.withResolvers<number>()
  await queues.wake('send-batch', { batchId: 7 }, '7-0')
  await queues.work({ ...NOTHING, 'send-batch': async ({ batchId }) => sent.resolve(batchId) }, CONCURRENCY, () => {})
  expect(await sent.promise).toBe(7)
  expect(errors).toEqual([])
})

test('jobs run although DATABASE_URL has options of its own', async ({ databaseUrl, onTestFinished }) => {
  const errors: Error[] = []
  const queues = await openQueues({
    databaseUrl: `${databaseUrl}?options=-c%20statement_timeout%3D30000`,
    installation: 'test',
    onError: (error) => errors.push(error),
  })
  onTestFinished(() => queues.close())
  const ran: number[] = []
  await queues.work({ ...NOTHING, 'send-batch': async ({ batchId }) => ran.push(batchId) }, CONCURRENCY, () => {})
  await queues.wake('send-batch', { batchId: 1 }, '1-0')
  expect(errors).toEqual([])
  await expect.poll(() => ran).toEqual([1])
})

describe.skipIf(withoutRedis)('a Redis whose user may not ask for INFO', () => {
  const open = async (whileOpening = '') => {
    const redis = await startRedis()
    onTestFinished(() => redis.stop())
    await redis.command('ACL SETUSER narrow on >secret ~* &* +@all -@dangerous')
    if (whileOpening) await redis.command(whileOpening)
    const errors: Error[] = []
    const redisUrl = redis.url.replace('//', '//narrow:secret@')
    const opened = openQueues({ databaseUrl: '', redisUrl, installation: 'test', onError: (e) => errors.push(e) })
    return { opened, errors }
  }

  test('is refused at the start, with the statement that corrects it', async () => {
    const { opened } = await open()
    await expect(opened).rejects.toThrow(/Redis \(REDIS_URL\) refuses .*INFO.*: ACL SETUSER narrow \+info$/)
  })

  test('and that answers late does not stop a worker from doing anything else', async () => {
    const { opened, errors } = await open('CLIENT PAUSE 1500 ALL')
    const queues = await opened
    await queues.work(NOTHING, CONCURRENCY, () => {})
    await expect
      .poll(() => errors.map(({ message }) => message), { timeout: 10_000 })
      .toContainEqual(expect.stringContaining('NOPERM'))
    await queues.close()
  })
})
