import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { cp, mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, onTestFinished } from 'vitest'
import { startEmbeddedPostgres } from '../../src/embedded/postgres.ts'
import { findPostmaster } from '../../src/embedded/postmaster.ts'
import { readRecord } from '../../src/embedded/server-record.ts'
import { runningEmbeddedPostgres } from '../support/embedded.ts'
import { ask, isAlive, isRoot, test } from './support.ts'

test('the next Paperboy adopts the server of a killed one, and stops it at the end', async ({ dataDir, run }) => {
  const killed = run('start')
  const { url } = (await killed.result())!
  await ask(url, 'CREATE TABLE kept ()')
  killed.signal('SIGKILL')
  await killed.ended
  const adopted = await startEmbeddedPostgres({ dataDir })
  expect(adopted).toMatchObject({ startedHere: false, url })
  expect(await ask(url, 'TABLE kept')).toEqual([])
  await adopted.stop()
  expect(await runningEmbeddedPostgres(dataDir)).toBeUndefined()
})

test('Ctrl-C at the terminal reaches Paperboy but not the server, which Paperboy stops after its own work', async ({
  dataDir,
  run,
}) => {
  const starter = run('start')
  const { url } = (await starter.result())!
  starter.signal('SIGINT')
  expect(await starter.next()).toEqual({ answered: true })
  expect(await starter.next()).toEqual({ done: true })
  expect(await findPostmaster(join(dataDir, 'postgres'))).toBeUndefined()
  await expect(ask(url, 'SELECT 1')).rejects.toMatchObject({ code: 'ECONNREFUSED' })
})

test('a stale postmaster.pid is ignored, even if another process has its pid', async ({ dataDir }) => {
  const pidFile = join(dataDir, 'postgres/cluster/postmaster.pid')
  const first = await startEmbeddedPostgres({ dataDir })
  await ask(first.url, 'CREATE TABLE kept ()')
  const left = await readFile(pidFile, 'utf8')
  await first.stop()

  const gone = sleeper()
  gone.kill()
  await once(gone, 'exit')
  // PostgreSQL mistakes any live process of its own user for a postmaster, so run the stranger as that user.
  const stranger = sleeper((await readRecord(dataDir))!.owner)
  for (const pid of [gone.pid!, stranger.pid!]) {
    await writeFile(pidFile, left.replace(/^\d+/, `${pid}`))
    expect(await runningEmbeddedPostgres(dataDir)).toBeUndefined()
    const next = await startEmbeddedPostgres({ dataDir })
    expect(next.startedHere).toBe(true)
    expect(await ask(next.url, 'TABLE kept')).toEqual([])
    await next.stop()
  }
  await writeFile(pidFile, left.replace(/^\d+/, `${stranger.pid}`))
  expect(isAlive(stranger.pid!)).toBe(true)
})

test('a first start that is killed during initdb does not block the next', async ({ dataDir, run }) => {
  const home = join(dataDir, 'postgres')
  const killed = run('start')
  expect(await killed.next()).toEqual({ progress: `Preparing a database in ${home} …` })
  killed.signal('SIGKILL')
  await killed.ended
  await mkdir(join(home, 'attempt-earlier/global'), { recursive: true }) // in case the kill came before the start made its own
  await mkdir(join(home, 'cluster/global'), { recursive: true }) // not ours: renamed, neither used nor deleted
  await writeFile(join(home, 'cluster/PG_VERSION'), '18\n')

  const postgres = await startEmbeddedPostgres({ dataDir })
  expect(await ask(postgres.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }])
  await postgres.stop()
  const names = await readdir(home)
  expect(names.sort()).toEqual(['cluster', expect.stringMatching(/^cluster\.incomplete-\d+$/)])
  expect(await readdir(join(home, names[1]!))).toEqual(['PG_VERSION', 'global'])
})

test('a lost database, another version or a missing password is an error, never an empty new database', async ({
  dataDir,
}) => {
  const postgres = await startEmbeddedPostgres({ dataDir })
  await postgres.stop()
  const start = () => startEmbeddedPostgres({ dataDir })
  const [record, home] = [join(dataDir, 'postgres.json'), join(dataDir, 'postgres')]
  const stored = await readFile(record, 'utf8')

  await writeFile(join(home, 'cluster/PG_VERSION'), '17\n')
  await expect(start()).rejects.toThrow(
    /made by PostgreSQL 17\. This Paperboy brings 18, .*paperboy backup FILE.*secrets\.json.*paperboy restore FILE/,
  )
  await writeFile(join(home, 'cluster/PG_VERSION'), '18\n')

  await writeFile(record, stored.replace(/"password": ".*"/, '"password": "wrong"'))
  await expect(start()).rejects.toThrow('does not accept the password in postgres.json')
  expect(await runningEmbeddedPostgres(dataDir)).toBeUndefined()
  await writeFile(record, stored.slice(5))
  await expect(start()).rejects.toThrow(`cannot read ${record}, which has the embedded database's password`)
  await rm(record)
  await expect(start()).rejects.toThrow(`${home}/cluster holds a database, but ${record}`)
  await writeFile(record, stored)

  await rename(home, `${home}.moved`)
  await expect(start()).rejects.toThrow(`The database that was in ${home}/cluster is missing. Restore it`)
  await rename(`${home}.moved`, home)
  await (await start()).stop()

  if (isRoot) {
    await cp(home, `${home}.copy`, { recursive: true }) // root owns all of it now, as after a careless restore
    await rm(home, { recursive: true })
    await rename(`${home}.copy`, home)
    await expect(start()).rejects.toThrow('"chown -R postgres"')
  }
  expect((await stat(join(home, 'cluster'))).isDirectory()).toBe(true)
})

function sleeper(user: { uid?: number; gid?: number } = {}): ChildProcess {
  const { uid, gid } = isRoot ? user : {}
  const child = spawn('/bin/sleep', ['60'], { stdio: 'ignore', cwd: '/', ...(uid && gid ? { uid, gid } : {}) })
  onTestFinished(() => void child.kill())
  return child
}
