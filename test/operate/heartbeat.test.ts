import { mkdtemp, rm, utimes } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'vitest'
import { databaseOn, openPool } from '../../src/runtime/db/database.ts'
import { SILENT_MS, startHeartbeat } from '../../workers/heartbeat.ts'
import { test } from '../support/database.ts'
import { start } from '../support/processes.ts'

test('a worker is healthy while it reaches its database, and not after a minute without', { timeout: 120_000 }, async ({
  db,
}) => {
  const folder = await mkdtemp(join(tmpdir(), 'paperboy-heartbeat-'))
  const file = join(folder, 'paperboy-worker')
  const check = async () => {
    const process = start('workers/healthy.ts', [], { TMPDIR: folder })
    await expect.poll(() => process.child.exitCode, { timeout: 30_000 }).not.toBeNull()
    return process.child.exitCode
  }
  const nowhere = openPool('postgres://nobody@127.0.0.1:1/nothing', () => {})
  startHeartbeat(databaseOn(nowhere), file).stop()
  await nowhere.end()
  expect(await check(), 'it never reached its database').toBe(1)

  const heartbeat = startHeartbeat(db, file)
  await expect.poll(check, { timeout: 60_000 }).toBe(0)
  heartbeat.stop()
  const long = new Date(Date.now() - SILENT_MS - 5_000)
  await utimes(file, long, long)
  expect(await check()).toBe(1)
  await rm(folder, { recursive: true })
})
