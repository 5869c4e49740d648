import { randomBytes } from 'node:crypto'
import { open, readFile, rename, stat } from 'node:fs/promises'
import { isAbsolute, join, relative, resolve } from 'node:path'
import { z } from 'zod'
import { chooseHome, clusterOf, isInitialised } from './cluster-home.ts'
import { codeOf, ignoreMissing, SetupError } from './setup-error.ts'
import { isRoot, ownerToRunAs, type SystemUser } from './system-user.ts'

/** The embedded database's record in `DATA_DIR/postgres.json`. */
export interface ServerRecord {
  password: string
  /** preferred at the next start; the current port of a running server is in its postmaster.pid */
  port?: number | undefined
  /** absolute path of the folder with the cluster, and with a copy of the programs if needed */
  home: string
  /** owns the cluster and runs the server */
  owner: SystemUser
  /** a database was completed here: if it is missing now, it is lost, and an empty one must not silently replace it */
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

/** Reads the record, if there is one. @throws SetupError when the file is unreadable or damaged */
export async function readRecord(dataDir: string): Promise<ServerRecord | undefined> {
  const path = fileOf(dataDir)
  try {
    const text = await readFile(path, 'utf8').catch(ignoreMissing)
    if (text === undefined) return undefined
    const stored = Stored.parse(JSON.parse(text))
    return { ...stored, home: resolve(dataDir, stored.home), owner: ownerToRunAs(stored.owner) }
  } catch (error) {
    throw new SetupError(
      codeOf(error) === 'EACCES'
        ? `${path} belongs to another user. Run Paperboy as that user, or set DATA_DIR to another folder.`
        : `Paperboy cannot read ${path}, which has the embedded database's password and location. Restore it from a backup, or set DATA_DIR to another folder.`,
      { cause: error },
    )
  }
}

/** Writes the record atomically: without it, the database's password is lost. */
export async function saveRecord(dataDir: string, record: ServerRecord): Promise<void> {
  const inside = relative(dataDir, record.home)
  // A relative path still finds the database after the data folder has moved.
  const home = inside.startsWith('..') || isAbsolute(inside) ? record.home : inside
  const temporary = `${fileOf(dataDir)}.new`
  const before = await stat(fileOf(dataDir)).catch(ignoreMissing)
  const file = await open(temporary, 'w', 0o600)
  try {
    if (before && isRoot()) await file.chown(before.uid, before.gid) // otherwise one start as root would lock the owner out
    await file.writeFile(`${JSON.stringify({ ...record, home }, null, 2)}\n`)
    await file.sync()
  } finally {
    await file.close()
  }
  await rename(temporary, fileOf(dataDir))
}

/**
 * Returns the record of a data folder's database, or creates one with a home for a new database.
 *
 * @throws SetupError when a database was made here and it or its password is lost, or when no folder can be its home
 */
export async function openRecord(dataDir: string): Promise<ServerRecord> {
  const known = await readRecord(dataDir)
  if (
    known &&
    ((await isInitialised(clusterOf(known.home))) ||
      (!known.completed && (await stat(known.home).catch(ignoreMissing))))
  ) {
    return known
  }
  if (known?.completed) {
    throw new SetupError(
      `The database that was in ${clusterOf(known.home)} is missing. Restore it from a backup, or delete ${fileOf(dataDir)} to start with an empty database.`,
    )
  }
  const orphan = clusterOf(join(dataDir, 'postgres'))
  if (await isInitialised(orphan)) {
    throw new SetupError(
      `${orphan} holds a database, but ${fileOf(dataDir)} with its password is missing. Restore that file from a backup, or move ${join(dataDir, 'postgres')} away to start with an empty database.`,
    )
  }
  const record = { password: randomBytes(24).toString('base64url'), completed: false, ...(await chooseHome(dataDir)) }
  await saveRecord(dataDir, record)
  return record
}
