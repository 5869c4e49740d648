import { closeSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout } from 'node:timers/promises'
import { openDataDir } from './data-dir.ts'
import { codeOf, SetupError } from './setup-error.ts'

/** Held until released or until the process ends, however it ends: the kernel lets go of a dead process's locks. */
export interface Lock extends Disposable {
  /** Repeating it is harmless. */
  release(): void
}

const POLL_MS = 20
const SQLITE_BUSY = 5

/** Keeps the garbage collector off the handles of callers who drop theirs: a collected handle would be a lost lock. */
const held = new Set<DatabaseSync>()

/**
 * Files are locked through SQLite, because Node has no call of its own for the kernel's file locks. A file with a pid
 * in it would have to guess whether that pid is still the same program, also from another container, and two
 * processes finding a dead one's file could both take it over. The files stay empty and are never removed: a removed
 * one could be held by one process while another locks its successor.
 */
function tryLock(path: string, statement: string): Lock | undefined {
  let handle: DatabaseSync | undefined
  try {
    createPrivately(path)
    handle = new DatabaseSync(path, { timeout: 0 })
    handle.exec(statement)
  } catch (error) {
    handle?.close()
    if (error instanceof Error && 'errcode' in error && error.errcode === SQLITE_BUSY) return undefined
    throw new SetupError(
      `Paperboy cannot lock ${path}. The file must belong to the user who runs Paperboy and be on a drive that knows locks (not every network drive does). Put that right, or set DATA_DIR to another folder.`,
      { cause: error },
    )
  }
  const locked = handle
  held.add(locked)
  const release = () => {
    if (held.delete(locked)) locked.close()
  }
  return { release, [Symbol.dispose]: release }
}

/** Nobody else has it at the same time, neither alone nor shared. @returns undefined when that cannot be had now */
export const tryLockAlone = (path: string): Lock | undefined => tryLock(path, 'BEGIN EXCLUSIVE')

/** Any number of processes have it at the same time. @returns undefined when one has it alone */
export const tryLockShared = (path: string): Lock | undefined =>
  tryLock(path, 'BEGIN; SELECT count(*) FROM sqlite_schema')

/** @throws SetupError when the lock is not free within the time */
export async function waitForLock(path: string, seconds: number): Promise<Lock> {
  for (const deadline = Date.now() + seconds * 1000; Date.now() < deadline; await setTimeout(POLL_MS)) {
    const lock = tryLockAlone(path)
    if (lock) return lock
  }
  throw new SetupError(`Another Paperboy process has held ${path} for ${seconds} seconds. Stop it, then try again.`)
}

/**
 * Makes this process the one service of a data folder, until released or until it ends.
 *
 * @throws SetupError when another process is that, or the folder cannot be written to
 */
export async function acquireDataDirLock(dataDir: string): Promise<Lock> {
  const folder = await openDataDir(dataDir)
  const note = join(folder, 'service.json')
  const lock = tryLockAlone(join(folder, 'service.lock'))
  if (!lock) {
    throw new SetupError(
      `Paperboy is already running on this data folder${holder(note)}. Stop it, or set DATA_DIR to another folder.`,
    )
  }
  writeFileSync(note, JSON.stringify({ pid: process.pid, since: new Date().toISOString() }))
  let released = false
  const release = () => {
    if (!released) rmSync(note, { force: true })
    released = true
    lock.release()
  }
  return { release, [Symbol.dispose]: release }
}

/** For people only: the note may be a moment late, the lock alone decides. */
function holder(note: string): string {
  try {
    const { pid, since } = JSON.parse(readFileSync(note, 'utf8'))
    return ` (process ${pid}, since ${String(since).slice(0, 16).replace('T', ' ')} UTC)`
  } catch {
    return ''
  }
}

/** Only the owner may open a lock file, or any local user could hold it. An existing one is not opened: closing it would drop this process's own lock on it. */
function createPrivately(path: string): void {
  try {
    closeSync(openSync(path, 'wx', 0o600))
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error
  }
}
