import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { sql } from 'drizzle-orm'
import { afterEach, expect, inject, onTestFinished } from 'vitest'
import { passRestoreGuard } from '../../src/delivery/ledger/restore-guard.ts'
import { choosePort } from '../../src/embedded/port.ts'
import { waitForDatabase } from '../../src/operate/wait-for-database.ts'
import { databaseOn, migrate, openPool } from '../../src/runtime/db/database.ts'
import { registerKey } from '../../src/suppression/key-fingerprint.ts'
import { test as base } from '../support/database.ts'
import { onDatabase, runSql } from '../support/global-setup.ts'
import { type Started, start, until } from '../support/processes.ts'
import { addSubscriber, servicesOn, testConfig } from '../support/services.ts'

const started: Started[] = []
afterEach(async () => {
  for (const each of started.splice(0)) await each.end('SIGKILL')
})

const test = base.extend('emptyDatabaseUrl', { scope: 'test' }, async ({ task: _ }, { onCleanup }) => {
  const server = inject('serverUrl')
  const name = `empty_${randomBytes(6).toString('hex')}`
  await runSql(server, `CREATE DATABASE ${name}`)
  onCleanup(() => runSql(server, `DROP DATABASE ${name} WITH (FORCE)`))
  return onDatabase(server, name)
})

const settings = async (databaseUrl: string, more: Record<string, string> = {}) => ({
  NODE_ENV: 'test',
  DATABASE_URL: databaseUrl,
  SMTP_URL: 'smtp://127.0.0.1:1',
  PORT: String(await choosePort(undefined)),
  PUBLIC_URL: 'https://paperboy.example',
  MAIL_FROM: 'Paperboy <papers@paperboy.example>',
  POSTAL_ADDRESS: '1 Press Street, Inkwell',
  SECRET_KEY: testConfig().SECRET_KEY,
  SUPPRESSION_KEY: testConfig().SUPPRESSION_KEY,
  PAPER_SOURCES: 'none',
  ...more,
})

const run = (script: string, env: Record<string, string>, args: string[] = []): Started => {
  const process = start(script, args, env)
  started.push(process)
  return process
}

const ended = (process: Started): Promise<number | null> =>
  expect
    .poll(() => process.child.exitCode, { timeout: 60_000 })
    .not.toBeNull()
    .then(() => process.child.exitCode)

const linesOf = (process: Started): string[] => process.output().trim().split('\n').filter(Boolean)

test('a worker waits for missing tables with one log line, then works', {
  timeout: 60_000,
}, async ({ emptyDatabaseUrl }) => {
  const worker = run('workers/main.ts', await settings(emptyDatabaseUrl))
  await until(worker, 'paperboy -- migrate')
  expect(linesOf(worker)).toHaveLength(1)
  await migrate(emptyDatabaseUrl)
  await until(worker, 'worker ready')
  expect(worker.output()).not.toMatch(/\n\s+at /)
  expect(await worker.end('SIGTERM')).toBe(0)
  // Jobs in progress may log after it.
  expect(worker.output()).toMatch(/"signal":"SIGTERM".*"worker stops/)
})

test('waiting looks often and logs each reason once', async () => {
  const stopping = new AbortController()
  let looks = 0
  const server = createServer((socket) => {
    if (++looks === 5) stopping.abort()
    socket.destroy()
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  const { port } = server.address() as AddressInfo
  const logged: unknown[] = []
  const log = { warn: (line: unknown) => void logged.push(line) }
  const options = { log, tables: 'wait', stopping: stopping.signal, askEveryMs: 1 } as const
  expect(await waitForDatabase(`postgres://nobody@127.0.0.1:${port}/nothing`, options)).toBe(false)
  expect(logged).toEqual([expect.stringContaining('does not answer')])
})

test('an api says that it stops, and why', { timeout: 60_000 }, async ({ databaseUrl }) => {
  const api = run('src/api.ts', await settings(databaseUrl))
  await until(api, 'Server listening')
  expect(await api.end('SIGTERM')).toBe(0)
  expect(linesOf(api).at(-1)).toMatch(/"signal":"SIGTERM".*"api stops/)
})

test('an api of a restored database halts it before it takes the first sign-up', { timeout: 60_000 }, async ({
  db,
  databaseUrl,
}) => {
  expect(await passRestoreGuard(servicesOn(db))).toBe(true)
  await db.execute(sql`UPDATE mailing SET cluster = jsonb_set(cluster::jsonb, '{server}', '"another"')::text`)
  const api = run('src/api.ts', await settings(databaseUrl))
  await until(api, 'Server listening')
  expect(api.output().indexOf('sending halted')).toBeGreaterThan(-1)
  expect(api.output().indexOf('sending halted')).toBeLessThan(api.output().indexOf('Server listening'))
  expect(await addSubscriber(db, 'grace@example.org')).toBeGreaterThan(1_000_000)
})

test('a worker waiting for its database stops on a signal', { timeout: 60_000 }, async () => {
  const worker = run('workers/main.ts', await settings('postgres://nobody@127.0.0.1:1/nothing'))
  await until(worker, 'does not answer')
  expect(linesOf(worker)).toHaveLength(1)
  expect(await worker.end('SIGTERM')).toBe(0)
})

test('an api without tables exits, and one line says what to run', { timeout: 60_000 }, async ({
  emptyDatabaseUrl,
}) => {
  const api = run('src/api.ts', await settings(emptyDatabaseUrl))
  expect(await ended(api)).toBe(1)
  expect(linesOf(api)).toEqual([expect.stringContaining('paperboy -- migrate')])
})

test('with another SUPPRESSION_KEY nothing starts or changes, and doctor reports it', {
  timeout: 240_000,
}, async ({ db, databaseUrl }) => {
  await registerKey(db, testConfig().SUPPRESSION_KEY)
  const other = await settings(databaseUrl, { SUPPRESSION_KEY: 'a key with a typo that is long enough for us' })
  const refused: [string, ...string[]][] = [
    ['src/api.ts'],
    ['workers/main.ts'],
    ['src/cli/main.ts', 'suppressions', 'add', 'ada@lab.org'],
    ['src/cli/main.ts', 'subscribers', 'export'],
  ]
  for (const [script, ...args] of refused) {
    const process = run(script, other, args)
    expect(await ended(process)).toBe(1)
    expect(process.output()).toContain('SUPPRESSION_KEY is not the key')
    expect(process.output()).not.toMatch(/\n\s+at |a key with a typo/)
  }
  expect((await db.execute(sql`SELECT FROM suppressions`)).rows).toEqual([])

  const doctor = run('src/cli/main.ts', other, ['doctor'])
  expect(await ended(doctor)).toBe(1)
  expect(doctor.output()).toMatch(/ERROR +Suppressions/)
  const brake = run('src/cli/main.ts', other, ['halt'])
  expect(await ended(brake), 'the brake works under any key').toBe(0)
})

test('a database keeps its first SUPPRESSION_KEY', async ({ databaseUrl }) => {
  const pool = openPool(databaseUrl, () => {})
  const db = databaseOn(pool)
  await registerKey(db, 'the first key of this database, long enough')
  await registerKey(db, 'the first key of this database, long enough')
  await expect(registerKey(db, 'another key for this database, long enough')).rejects.toThrow(/SUPPRESSION_KEY/)
  await pool.end()
})
