import { closeSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout } from 'node:timers/promises'
import { openDataDir } from './data-dir.ts'
import { codeOf, SetupError } from './setup-error.ts'

/** A file lock. It lasts until it is released or the process ends: the kernel frees a dead process's locks. */
export interface Lock extends Disposable {
  /** Safe to call more than once. */
  release(): void
}

const POLL_MS = 20
const SQLITE_BUSY = 5

/** Keeps handles reachable when a caller drops its lock object: a garbage-collected handle would lose the lock. */
const held = new Set<DatabaseSync>()

/**
 * Locks a file through SQLite, because Node has no API for the kernel's file locks. A pid file is no substitute: a process would
 * have to guess whether the pid is still the same program, also from another container, and two processes could both take over a
 * dead one's file. Lock files stay empty and are never removed: one process could hold a removed file while another locks its
 * successor.
 *
 * @returns undefined when another process holds the lock
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
      `Paperboy cannot lock ${path}. The user who runs Paperboy must own the file, and its drive must support locks (some network drives do not). Fix that, or set DATA_DIR to another folder.`,
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

/** Takes an exclusive lock. @returns undefined when another process holds the lock, shared or exclusive */
export const tryLockExclusive = (path: string): Lock | undefined => tryLock(path, 'BEGIN EXCLUSIVE')

/** Takes a shared lock, which any number of processes can hold. @returns undefined when one holds it exclusively */
export const tryLockShared = (path: string): Lock | undefined =>
  tryLock(path, 'BEGIN; SELECT count(*) FROM sqlite_schema')

/** Waits for an exclusive lock. @throws SetupError when another process still holds it after `seconds` */
export async function waitForLock(path: string, seconds: number): Promise<Lock> {
  for (const deadline = Date.now() + seconds * 1000; Date.now() < deadline; await setTimeout(POLL_MS)) {
    const lock = tryLockExclusive(path)
    if (lock) return lock
  }
  throw new SetupError(`Another Paperboy process has held ${path} for ${seconds} seconds. Stop it, then try again.`)
}

/**
 * Makes this process the only service on a data folder, until it releases the lock or ends.
 *
 * @throws SetupError when another service runs there, or the folder is not writable
 */
export async function acquireDataDirLock(dataDir: string): Promise<Lock> {
  const folder = await openDataDir(dataDir)
  const note = join(folder, 'service.json')
  const lock = tryLockExclusive(join(folder, 'service.lock'))
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

/** Describes the other service for the error message. The note may be a moment late; only the lock decides. */
function holder(note: string): string {
  try {
    const { pid, since } = JSON.parse(readFileSync(note, 'utf8'))
    return ` (process ${pid}, since ${String(since).slice(0, 16).replace('T', ' ')} UTC)`
  } catch {
    return ''
  }
}

/**
 * Creates a lock file that only its owner can open; otherwise any local user could hold the lock. It does not open an existing file:
 * closing that would drop this process's own lock on it.
 */
function createPrivately(path: string): void {
  try {
    closeSync(openSync(path, 'wx', 0o600))
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error
  }
}
