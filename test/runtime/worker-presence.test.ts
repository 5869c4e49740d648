import { sql } from 'drizzle-orm'
import type { Logger } from 'pino'
import { expect, vi } from 'vitest'
import { ownClient } from '../../src/lib/own-client.ts'
import { describeStatus, readStatus } from '../../src/operate/status.ts'
import { announceWorker, countWorkers } from '../../src/runtime/worker-presence.ts'
import { signedIn, test } from '../http/admin.ts'
import { runSql } from '../support/global-setup.ts'
import { NOON } from '../support/services.ts'

test('status and Deliveries count every worker of this database', async ({ databaseUrl, site }) => {
  const { services } = site
  const { get } = await signedIn(site)
  expect(describeStatus(await readStatus(services), NOON)).toContain('Workers   not running')
  const workers = [
    await announceWorker(databaseUrl, services.log),
    await announceWorker(databaseUrl, services.log),
    await announceWorker(databaseUrl, services.log),
  ]
  expect(describeStatus(await readStatus(services), NOON)).toContain('Workers   3 running')
  expect((await get('/admin/deliveries')).body).toContain('3 run, and nothing is overdue')
  await workers[0]!.end()
  await expect.poll(() => countWorkers(services.db)).toBe(2)
  for (const worker of workers) await worker.end()
})

test('a worker whose connection the server ends, as in a restart, announces itself once again', async ({
  databaseUrl,
  site: { services },
}) => {
  const warn = vi.fn()
  const worker = await announceWorker(databaseUrl, { warn } as unknown as Logger)
  for (const time of [1, 2]) {
    await services.db.execute(sql`
      SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
      WHERE application_name = 'paperboy worker' AND datname = current_database()`)
    await expect.poll(() => countWorkers(services.db), { timeout: 10_000 }).toBe(1)
    expect(warn).toHaveBeenCalledTimes(time)
  }
  await worker.end()
})

test('a time limit for idle connections does not end the one that announces a worker', async ({
  databaseUrl,
  site: { services },
}) => {
  await runSql(databaseUrl, `ALTER DATABASE ${new URL(databaseUrl).pathname.slice(1)} SET idle_session_timeout = 200`)
  const warn = vi.fn()
  const worker = await announceWorker(databaseUrl, { warn } as unknown as Logger)
  const idle = ownClient({ connectionString: databaseUrl })
  await idle.connect()
  await new Promise((resolve) => idle.once('end', resolve))
  expect(warn).not.toHaveBeenCalled()
  expect(await countWorkers(services.db)).toBe(1)
  await worker.end()
})
