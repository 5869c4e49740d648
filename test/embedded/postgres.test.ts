import { once } from 'node:events'
import { readFile, stat } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { expect, vi } from 'vitest'
import { startEmbeddedPostgres } from '../../src/embedded/postgres.ts'
import { findPostmaster } from '../../src/embedded/postmaster.ts'
import { runningEmbeddedPostgres } from '../support/embedded.ts'
import { ask, test, wipe } from './support.ts'

test('a first start creates a durable, private database; the next start finds it again', async ({ dataDir }) => {
  const printed: string[] = []
  const first = await startEmbeddedPostgres({ dataDir, print: (line) => printed.push(line) })
  expect(first).toMatchObject({ startedHere: true, notes: [] })
  expect(first.url).toMatch(/^postgres:\/\/paperboy:[\w-]{32}@127\.0\.0\.1:\d+\/paperboy$/)
  expect(printed).toEqual([`Preparing a database in ${join(dataDir, 'postgres')} …`])
  const shown = `SELECT name, setting FROM pg_settings WHERE name IN ('fsync','full_page_writes','synchronous_commit',
    'data_checksums','listen_addresses','unix_socket_directories','server_encoding','password_encryption','TimeZone')`
  expect(Object.fromEntries((await ask(first.url, shown)).map(({ name, setting }) => [name, setting]))).toEqual({
    fsync: 'on',
    full_page_writes: 'on',
    synchronous_commit: 'on',
    data_checksums: 'on',
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    server_encoding: 'UTF8',
    password_encryption: 'scram-sha-256',
    TimeZone: 'UTC',
  })
  const locale = 'SELECT datlocprovider, datlocale FROM pg_database WHERE datname = current_database()'
  expect(await ask(first.url, locale)).toEqual([{ datlocprovider: 'b', datlocale: 'C.UTF-8' }])
  await ask(first.url, `CREATE TABLE kept AS SELECT 'ärger' AS word; ALTER TABLE kept ADD PRIMARY KEY (word)`)
  await expect(ask(first.url, `INSERT INTO kept VALUES ('ärger')`)).rejects.toMatchObject({ code: '23505' })
  await expect(ask(first.url.replace(/:[\w-]{32}@/, ':wrong@'), 'SELECT 1')).rejects.toMatchObject({ code: '28P01' })
  expect((await stat(join(dataDir, 'postgres.json'))).mode & 0o777).toBe(0o600)
  expect(await runningEmbeddedPostgres(dataDir)).toBe(first.url)

  await Promise.all([first.stop(), first.stop()])
  expect(await runningEmbeddedPostgres(dataDir)).toBeUndefined()
  const log = await readFile(join(dataDir, 'postgres/cluster/server.log'), 'utf8')
  expect(log).toContain('ready to accept connections')
  expect(log).not.toContain('ärger') // an error would quote a reader's input

  const second = await startEmbeddedPostgres({ dataDir })
  expect(second).toMatchObject({ startedHere: true, url: first.url })
  expect(await ask(second.url, 'SELECT upper(word) AS word FROM kept')).toEqual([{ word: 'ÄRGER' }])
  await expect(second.remove()).rejects.toThrow('in use')
  await second.stop()
  await second.remove()
  await expect(stat(join(dataDir, 'postgres'))).rejects.toMatchObject({ code: 'ENOENT' })
})

test('a missing DATA_DIR has no running server', async ({ dataDir }) => {
  expect(await runningEmbeddedPostgres(dataDir)).toBeUndefined()
})

test("odd characters in the path and the caller's PG* variables do no harm", async ({ folder }) => {
  for (const [name, value] of Object.entries({
    PGPORT: '1',
    PGDATA: '/nowhere',
    PGHOST: 'nowhere',
    PGUSER: 'x',
    PGSSLMODE: 'require',
    PGOPTIONS: '-c default_transaction_isolation=serializable',
    LC_ALL: 'xx_YY',
  })) {
    vi.stubEnv(name, value)
  }
  const dataDir = join(folder, `it's "mine" $(exit) \`x\` ü`)
  try {
    const postgres = await startEmbeddedPostgres({ dataDir })
    expect(await ask(postgres.url, 'SHOW data_directory')).toEqual([
      { data_directory: join(dataDir, 'postgres/cluster') },
    ])
    expect(await ask(postgres.url, 'SHOW transaction_isolation')).toEqual([{ transaction_isolation: 'read committed' }])
    vi.unstubAllEnvs()
    await postgres.stop()
  } finally {
    vi.unstubAllEnvs()
    await wipe(dataDir)
  }
})

test('the server uses another port if its own is taken', async ({ dataDir }) => {
  const first = await startEmbeddedPostgres({ dataDir })
  await ask(first.url, 'CREATE TABLE kept ()')
  await first.stop()
  const squatter = createServer().listen(Number(new URL(first.url).port), '127.0.0.1')
  await once(squatter, 'listening')
  try {
    const second = await startEmbeddedPostgres({ dataDir })
    expect(second.url).not.toBe(first.url)
    expect(await ask(second.url, 'TABLE kept')).toEqual([])
    expect(await runningEmbeddedPostgres(dataDir)).toBe(second.url)
    await second.stop()
  } finally {
    squatter.close()
  }
})

test('one of several concurrent starts launches the server, and the last user stops it', async ({ dataDir, run }) => {
  const starters = Array.from({ length: 4 }, () => run('start'))
  const lines = await Promise.all(starters.map((starter) => starter.result()))
  expect(lines.map((line) => line?.failed)).toEqual(lines.map(() => undefined))
  expect(lines.filter((line) => line?.startedHere)).toHaveLength(1)
  expect(new Set(lines.map((line) => line?.url)).size).toBe(1)
  const { pid } = (await findPostmaster(join(dataDir, 'postgres')))!

  const first = starters[lines.findIndex((line) => line?.startedHere)]!
  const [killed, second, last] = starters.filter((starter) => starter !== first)
  killed!.signal('SIGKILL')
  await killed!.ended
  for (const leaving of [first, second!]) {
    leaving.stop()
    expect(await leaving.next()).toEqual({ answered: true })
    expect(await leaving.next()).toEqual({ done: true })
    expect(await findPostmaster(join(dataDir, 'postgres'))).toMatchObject({ pid })
  }
  last!.stop()
  expect(await last!.next()).toEqual({ answered: true })
  expect(await last!.next()).toEqual({ done: true })
  expect(await findPostmaster(join(dataDir, 'postgres'))).toBeUndefined()
})
