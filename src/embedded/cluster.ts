import { mkdtemp, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { canUse, clusterOf, giveTo, isWhole } from './cluster-home.ts'
import type { Programs } from './programs.ts'
import type { ServerRecord } from './record.ts'
import { absent, SetupError } from './setup-error.ts'
import { isAnother, runAs, type SystemUser } from './system-user.ts'

/**
 * Makes the cluster if there is none. It gets its name only once it is whole, so a cut-off attempt is never taken for
 * one. What was completed once is never deleted nor replaced here.
 *
 * @throws SetupError when the cluster is of another major version, or closed to its owner
 */
export async function ensureCluster(record: ServerRecord, programs: Programs, say: (line: string) => void) {
  const cluster = clusterOf(record.home)
  if (!(await isWhole(cluster))) {
    say(`Preparing a database in ${record.home} …`)
    await removeAttempts(record)
    await setAside(cluster)
    await initialise(record, programs)
  }
  if (!(await canUse(cluster, record.owner))) {
    const { name } = record.owner
    throw new SetupError(
      `The database in ${cluster} belongs to the system user ${name}, who cannot get there or write there now. Make it theirs again ("chown -R ${name}", and every folder above open to them), or set DATA_DIR to another folder.`,
    )
  }
  await checkVersion(cluster, programs)
}

async function initialise({ home, owner, password }: ServerRecord, programs: Programs): Promise<void> {
  // A name of its own: an initdb whose Paperboy was killed may still be writing to its folder.
  const attempt = await mkdtemp(join(home, 'attempt-'))
  const passwordFile = `${attempt}.password`
  await giveTo(owner, attempt)
  await writePrivately(passwordFile, password, owner)
  const settings = [
    '--username=paperboy',
    `--pwfile=${passwordFile.slice(home.length + 1)}`,
    '--auth=scram-sha-256',
    '--encoding=UTF8',
    // The same order of words on every machine and after every upgrade: the system's own collations differ.
    '--locale-provider=builtin',
    '--builtin-locale=C.UTF-8',
    '--locale=C',
  ]
  try {
    await runAs(owner, programs.initdb, ['-D', attempt.slice(home.length + 1), ...settings], home)
  } catch (error) {
    const reason = error instanceof Error ? error.message : error
    throw new SetupError(
      `PostgreSQL's initdb could not prepare a database in ${home}:\n${reason}\nPut that right, or set DATABASE_URL to a PostgreSQL server of your own.`,
      { cause: error },
    )
  } finally {
    await rm(passwordFile)
  }
  await rename(attempt, clusterOf(home))
  await syncFolder(home)
}

async function checkVersion(cluster: string, programs: Programs): Promise<void> {
  const found = (await readFile(join(cluster, 'PG_VERSION'), 'utf8')).trim()
  if (found === programs.major) return
  throw new SetupError(
    `The database in ${cluster} was made by PostgreSQL ${found}, and this Paperboy brings ${programs.major}, which cannot read it. Start it with the Paperboy that made it, dump it with pg_dump, and load the dump into a new DATA_DIR; or set DATA_DIR to another folder to begin with an empty database.`,
  )
}

/** Something by the cluster's name that never was one: moved, not removed, since we did not make it. */
async function setAside(cluster: string): Promise<void> {
  if (await stat(cluster).catch(absent)) await rename(cluster, `${cluster}.incomplete-${Date.now()}`)
}

async function removeAttempts({ home, owner }: ServerRecord): Promise<void> {
  for (const name of await readdir(home)) {
    if (name.startsWith('attempt-')) await removeOwned(join(home, name), owner)
  }
}

/** As root, a tree of another user's is emptied as that user, who could otherwise swap a folder for a link under our hands. */
export async function removeOwned(path: string, owner: SystemUser): Promise<void> {
  if (isAnother(owner)) await runAs(owner, '/bin/rm', ['-rf', '--', path]).catch(() => {}) // its parent is not theirs
  await rm(path, { recursive: true, force: true })
}

async function writePrivately(path: string, text: string, owner: SystemUser): Promise<void> {
  const file = await open(path, 'wx', 0o600)
  try {
    await file.writeFile(`${text}\n`)
    if (isAnother(owner)) await file.chown(owner.uid, owner.gid)
  } finally {
    await file.close()
  }
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r')
  await folder.sync().finally(() => folder.close())
}
