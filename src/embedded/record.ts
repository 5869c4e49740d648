import { randomBytes } from 'node:crypto'
import { open, readFile, rename, stat } from 'node:fs/promises'
import { isAbsolute, join, relative, resolve } from 'node:path'
import { z } from 'zod'
import { chooseHome, clusterOf, isWhole } from './cluster-home.ts'
import { absent, codeOf, SetupError } from './setup-error.ts'
import { isRoot, runnableAs, type SystemUser } from './system-user.ts'

/** What `DATA_DIR/postgres.json` remembers of the embedded database. */
export interface ServerRecord {
  password: string
  /** asked for at the next start; a running server's own is in its postmaster.pid */
  port?: number | undefined
  /** absolute path of the folder that has the cluster, and a copy of the programs where one is needed */
  home: string
  /** whom the cluster belongs to and the server runs as */
  owner: SystemUser
  /** a database was made here once: if it is missing now, it is lost, and an empty one must not take its place unseen */
  completed: boolean
}

const Stored = z.object({
  password: z.string().min(1),
  port: z.number().int().optional(),
  home: z.string().min(1),
  owner: z.object({ name: z.string(), uid: z.number().int(), gid: z.number().int() }),
  completed: z.boolean(),
})

const fileOf = (dataDir: string): string => join(dataDir, 'postgres.json')

/** @throws SetupError when the file cannot be read or understood */
export async function readRecord(dataDir: string): Promise<ServerRecord | undefined> {
  const path = fileOf(dataDir)
  try {
    const text = await readFile(path, 'utf8').catch(absent)
    if (text === undefined) return undefined
    const stored = Stored.parse(JSON.parse(text))
    return { ...stored, home: resolve(dataDir, stored.home), owner: runnableAs(stored.owner) }
  } catch (error) {
    throw new SetupError(
      codeOf(error) === 'EACCES'
        ? `${path} belongs to another user. Run Paperboy as that one, or set DATA_DIR to another folder.`
        : `${path} has the embedded database's password and place, and cannot be read. Restore it from a backup, or set DATA_DIR to another folder.`,
      { cause: error },
    )
  }
}

/** Written whole or not at all: without it nobody could enter the database any more. */
export async function saveRecord(dataDir: string, record: ServerRecord): Promise<void> {
  const inside = relative(dataDir, record.home)
  // Relative, so that a data folder that is moved or renamed still finds its database.
  const home = inside.startsWith('..') || isAbsolute(inside) ? record.home : inside
  const temporary = `${fileOf(dataDir)}.new`
  const before = await stat(fileOf(dataDir)).catch(absent)
  const file = await open(temporary, 'w', 0o600)
  try {
    if (before && isRoot()) await file.chown(before.uid, before.gid) // or one start by root would lock its owner out
    await file.writeFile(`${JSON.stringify({ ...record, home }, null, 2)}\n`)
    await file.sync()
  } finally {
    await file.close()
  }
  await rename(temporary, fileOf(dataDir))
}

/**
 * The record of a data folder's database, or a new one with a home for it.
 *
 * @throws SetupError when a database was made here and it, or its password, is lost; or when no home can be found
 */
export async function openRecord(dataDir: string): Promise<ServerRecord> {
  const known = await readRecord(dataDir)
  if (
    known &&
    ((await isWhole(clusterOf(known.home))) || (!known.completed && (await stat(known.home).catch(absent))))
  ) {
    return known
  }
  if (known?.completed) {
    throw new SetupError(
      `The database that was in ${clusterOf(known.home)} is missing. Restore it from a backup, or delete ${fileOf(dataDir)} to begin with an empty database.`,
    )
  }
  const orphan = clusterOf(join(dataDir, 'postgres'))
  if (await isWhole(orphan)) {
    throw new SetupError(
      `${orphan} holds a database, but ${fileOf(dataDir)}, which has its password, is missing. Restore that file from a backup, or move ${join(dataDir, 'postgres')} away to begin with an empty database.`,
    )
  }
  const record = { password: randomBytes(24).toString('base64url'), completed: false, ...(await chooseHome(dataDir)) }
  await saveRecord(dataDir, record)
  return record
}
