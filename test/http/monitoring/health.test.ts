import { sql } from 'drizzle-orm'
import { expect } from 'vitest'
import { describeStatus, readStatus } from '../../../src/operate/status.ts'
import { recordFailure, recordRead } from '../../../src/papers/ingest/source-health.ts'
import { openQueues } from '../../../src/runtime/queue.ts'
import { startRedis, withoutRedis } from '../../support/redis.ts'
import { siteOn, test } from '../site.ts'

test('healthz says that the process is up, readyz that it can work', async ({ site: { app } }) => {
  expect((await app.inject('/healthz')).json()).toEqual({ status: 'up' })
  expect((await app.inject('/readyz')).json()).toEqual({
    status: 'ready',
    missing: [],
    degraded: [],
    sources: [{ source: 'hf', state: 'unread', since: null }],
  })
})

test('readyz reports a failing source and stays ready', async ({ db, site: { app, services } }) => {
  await recordFailure(db, 'hf', services.now(), 'GET https://lists.example answered 503.')
  const reply = await app.inject('/readyz')
  expect(reply.statusCode).toBe(200)
  expect(reply.json().sources).toEqual([{ source: 'hf', state: 'outage', since: services.now().toISOString() }])
  expect(reply.body).not.toContain('lists.example')
  const status = await readStatus(services)
  expect(describeStatus(status, services.now())).toMatch(
    /Source {4}hf outage: it cannot be read since 2026-04-15 12:00 UTC: GET https:\/\/lists\.example/,
  )
  expect(status).toMatchObject({ sources: [{ state: 'outage', failure: 'GET https://lists.example answered 503.' }] })
  await recordRead(db, 'hf', { at: services.now(), day: '2026-04-15', changed: true, stillOn: null })
  expect((await app.inject('/readyz')).json().sources).toEqual([{ source: 'hf', state: 'empty', since: null }])
})

test('readyz reports outdated tables', async ({ db, site: { app } }) => {
  await db.execute(
    sql`DELETE FROM drizzle.__drizzle_migrations WHERE created_at = (SELECT max(created_at) FROM drizzle.__drizzle_migrations)`,
  )
  const reply = await app.inject('/readyz')
  expect(reply.statusCode).toBe(503)
  expect(reply.json().missing).toEqual([expect.stringContaining('paperboy migrate')])
  await db.execute(sql`DROP SCHEMA drizzle CASCADE`)
  expect((await app.inject('/readyz')).json().missing).toEqual([expect.stringContaining('paperboy migrate')])
})

test('readyz reports an unreachable database without its address', async ({ site: { services } }) => {
  const config = { ...services.config, DATABASE_URL: 'postgres://someone:secret@127.0.0.1:1/nothing' }
  const { app, logged } = siteOn({ ...services, config })
  const reply = await app.inject('/readyz')
  expect(reply.statusCode).toBe(503)
  expect(reply.json()).toEqual({ status: 'not ready', missing: ['the database cannot be reached'] })
  expect(reply.body + logged()).not.toMatch(/secret|127\.0\.0\.1/)
  expect((await app.inject('/healthz')).statusCode).toBe(200)
  await app.close()
})

test.skipIf(withoutRedis)(
  'readyz says when Redis is gone, and is ready all the same',
  async ({ site: { services } }) => {
    const redis = await startRedis()
    const queues = await openQueues({
      databaseUrl: 'postgres://nowhere',
      redisUrl: redis.url,
      installation: 'test',
      onError: () => {},
    })
    const { app } = siteOn({ ...services, queues })
    const readiness = async () => {
      const reply = await app.inject('/readyz')
      return [reply.statusCode, reply.json().degraded]
    }
    await expect.poll(readiness).toEqual([200, []])
    await redis.stop()
    await expect.poll(readiness).toEqual([200, [expect.stringContaining('Redis')]])
    await app.close()
    await queues.close()
  },
)

test('readyz reports an unreachable Redis', async ({ site: { services } }) => {
  const queues = await openQueues({
    databaseUrl: 'postgres://nowhere',
    redisUrl: 'redis://127.0.0.1:1',
    installation: 'test',
    onError: () => {},
  })
  const { app } = siteOn({ ...services, queues })
  const reply = await app.inject('/readyz')
  expect(reply.statusCode).toBe(200)
  expect(reply.json().degraded).toEqual(['the queue (Redis) cannot be reached: emails leave, but later'])
  await app.close()
  await queues.close()
})
