import { mkdtemp, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { canUse, clusterOf, isInitialised, makePrivate } from './cluster-home.ts'
import type { Programs } from './programs.ts'
import type { ServerRecord } from './server-record.ts'
import { ignoreMissing, SetupError } from './setup-error.ts'
import { isOtherUser, runAs, type SystemUser } from './system-user.ts'

export interface Progress {
  /** receives messages about steps that take seconds */
  print: (line: string) => void
  /** is called when a program of PostgreSQL works, and this process would wait for it */
  whileWaiting: () => void
}

/**
 * Creates the cluster if there is none, not yet flushed to disk. An attempt gets the cluster's name only when it is complete, so an interrupted one is
 * never used. This code never deletes or replaces a completed cluster.
 *
 * @returns whether it created one
 * @throws SetupError when the cluster has another major version, or its owner cannot reach it
 */
export async function ensureCluster(
  record: ServerRecord,
  programs: Programs,
  { print, whileWaiting }: Progress,
): Promise<boolean> {
  const cluster = clusterOf(record.home)
  const isNew = !(await isInitialised(cluster))
  if (isNew) {
    print(`Preparing a database in ${record.home} …`)
    await removeAttempts(record)
    await setAside(cluster)
    await initialise(record, programs, whileWaiting)
  }
  if (!(await canUse(cluster, record.owner))) {
    const { name } = record.owner
    throw new SetupError(
      `The system user ${name} owns the database in ${cluster}, but cannot reach or write it. Give it back ("chown -R ${name}", and open every folder above it to ${name}), or set DATA_DIR to another folder.`,
    )
  }
  await checkVersion(record.home, programs)
  return isNew
}

async function initialise(
  { home, owner, password }: ServerRecord,
  programs: Programs,
  whileWaiting: () => void,
): Promise<void> {
  // A unique name: the initdb of a killed Paperboy may still be writing to its folder.
  const attempt = await mkdtemp(join(home, 'attempt-'))
  const passwordFile = `${attempt}.password`
  await makePrivate(owner, attempt)
  await writePrivately(passwordFile, password, owner)
  const settings = [
    '--username=paperboy',
    `--pwfile=${passwordFile.slice(home.length + 1)}`,
    '--auth=scram-sha-256',
    '--encoding=UTF8',
    // The same sort order on every machine and after every upgrade. System collations differ.
    '--locale-provider=builtin',
    '--builtin-locale=C.UTF-8',
    '--locale=C',
    // Its flush takes half of a first start. `flushCluster` does it soon after.
    '--no-sync',
  ]
  try {
    const made = runAs(owner, programs.initdb, ['-D', attempt.slice(home.length + 1), ...settings], home)
    whileWaiting()
    await made
  } catch (error) {
    const reason = error instanceof Error ? error.message : error
    throw new SetupError(
      `PostgreSQL's initdb could not create a database in ${home}:\n${reason}\nFix that, or set DATABASE_URL to your own PostgreSQL server.`,
      { cause: error },
    )
  } finally {
    await rm(passwordFile)
  }
  await rename(attempt, clusterOf(home))
  await syncFolder(home)
}

/** Flushes a new cluster to disk. What PostgreSQL writes after initdb, it flushes itself. */
export const flushCluster = ({ home, owner }: ServerRecord, programs: Programs): Promise<unknown> =>
  runAs(owner, programs.initdb, ['--sync-only', '-D', 'cluster'], home)

async function checkVersion(home: string, programs: Programs): Promise<void> {
  const cluster = clusterOf(home)
  const found = (await readFile(join(cluster, 'PG_VERSION'), 'utf8')).trim()
  if (found === programs.major) return
  throw new SetupError(
    `The database in ${cluster} was made by PostgreSQL ${found}. This Paperboy brings ${programs.major}, which cannot read it. To keep it, run "paperboy backup FILE" with the Paperboy version that made it. Then move ${home} and postgres.json out of the data folder, keep secrets.json there, and run "paperboy restore FILE" with this version. Or set DATA_DIR to another folder to start with an empty database.`,
  )
}

/** Renames a folder that has the cluster's name but is no cluster. We did not create it, so we do not delete it. */
async function setAside(cluster: string): Promise<void> {
  if (await stat(cluster).catch(ignoreMissing)) await rename(cluster, `${cluster}.incomplete-${Date.now()}`)
}

async function removeAttempts({ home, owner }: ServerRecord): Promise<void> {
  for (const name of await readdir(home)) {
    if (name.startsWith('attempt-')) await removeOwned(join(home, name), owner)
  }
}

/**
 * Removes a tree that `owner` owns. Root deletes its content as that user, who could otherwise replace a folder with a link while
 * root deletes.
 */
export async function removeOwned(path: string, owner: SystemUser): Promise<void> {
  if (isOtherUser(owner)) await runAs(owner, '/bin/rm', ['-rf', '--', path]).catch(() => {}) // its parent is not theirs
  await rm(path, { recursive: true, force: true })
}

async function writePrivately(path: string, text: string, owner: SystemUser): Promise<void> {
  const file = await open(path, 'wx', 0o600)
  try {
    await file.writeFile(`${text}\n`)
    if (isOtherUser(owner)) await file.chown(owner.uid, owner.gid)
  } finally {
    await file.close()
  }
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r')
  await folder.sync().finally(() => folder.close())
}
