import { execFile } from 'node:child_process'
import { readFile, readlink, realpath } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { promisify } from 'node:util'
import { clusterOf } from './cluster-home.ts'
import { codeOf, SetupError } from './setup-error.ts'

/** A running server, read from its postmaster.pid. */
export interface Postmaster {
  pid: number
  port: number
  /** false while it recovers or shuts down */
  ready: boolean
}

const POLL_MS = 20
/** Crash recovery replays up to max_wal_size (1 GB). */
export const START_SECONDS = 300
const STOP_SECONDS = 60

/** Returns the running server of a home. A stale postmaster.pid counts only if its process is a postmaster of this cluster. */
export async function findPostmaster(home: string): Promise<Postmaster | undefined> {
  const lines = await pidFile(home)
  const [pid, port] = [Number(lines?.[0]), Number(lines?.[3])]
  if (!lines || !(await isPostmaster(pid, clusterOf(home)))) return undefined
  return { pid, port, ready: port > 0 && lines[7]?.trim() === 'ready' }
}

/** Waits while a server recovers or shuts down. @returns the ready server, or undefined when none runs */
export async function waitForPostmaster(home: string): Promise<Postmaster | undefined> {
  let found = await findPostmaster(home)
  await until(START_SECONDS, home, async () => {
    found = await findPostmaster(home)
    return !found || found.ready
  })
  return found
}

/** Returns whether another program now has the pid in postmaster.pid. PostgreSQL mistakes it for a postmaster if its user is the same. */
export async function isPidReused(home: string): Promise<boolean> {
  const pid = Number((await pidFile(home))?.[0])
  return pid > 0 && isAlive(pid) && !(await isPostmaster(pid, clusterOf(home)))
}

/**
 * Stops the server with a fast shutdown: SIGINT to the postmaster, which is all that `pg_ctl -m fast stop` does. pg_ctl itself would
 * signal any process that has a stale file's pid, and `npm ci` may have removed it.
 */
export async function shutDown(home: string): Promise<void> {
  const running = await findPostmaster(home)
  if (!running) return
  process.kill(running.pid, 'SIGINT')
  await until(STOP_SECONDS, home, async () => (await findPostmaster(home))?.pid !== running.pid)
}

async function until(seconds: number, home: string, isDone: () => Promise<boolean>): Promise<void> {
  for (const deadline = Date.now() + seconds * 1000; Date.now() < deadline; await setTimeout(POLL_MS)) {
    if (await isDone()) return
  }
  const lines = await pidFile(home)
  throw new SetupError(
    `PostgreSQL in ${home} (process ${lines?.[0]}) has been "${lines?.[7]?.trim()}" for ${seconds} seconds. See ${join(clusterOf(home), 'server.log')}.`,
  )
}

/** Returns the lines of postmaster.pid: pid, cluster, start time, port, socket folder, address, shared memory, state. */
async function pidFile(home: string): Promise<string[] | undefined> {
  try {
    return (await readFile(join(clusterOf(home), 'postmaster.pid'), 'utf8')).split('\n')
  } catch (error) {
    if (['ENOENT', 'ENOTDIR', 'EACCES'].includes(codeOf(error) ?? '')) return undefined
    throw error
  }
}

/**
 * A postmaster's working directory is its cluster. If the system does not show it, any postgres process counts: waiting for the wrong
 * one is better than a second server.
 */
async function isPostmaster(pid: number, cluster: string): Promise<boolean> {
  if (!(pid > 0) || !isAlive(pid) || !/(^|\/)postgres$/.test(await programOf(pid))) return false
  const folder = await folderOf(pid)
  return folder === undefined || folder === (await realpath(cluster))
}

/** Returns the program of a process. A zombie, common in containers, has none. */
const programOf = (pid: number): Promise<string> =>
  readFile(`/proc/${pid}/cmdline`, 'utf8').then(
    (line) => line.split('\0')[0]!,
    () => outputOf('ps', ['-o', 'comm=', '-p', `${pid}`]),
  )

async function folderOf(pid: number): Promise<string | undefined> {
  if (process.platform !== 'darwin') return readlink(`/proc/${pid}/cwd`).catch(() => undefined)
  return (await outputOf('lsof', ['-a', '-d', 'cwd', '-p', `${pid}`, '-Fn'])).match(/^n(.+)$/m)?.[1]
}

const outputOf = (program: string, args: string[]): Promise<string> =>
  promisify(execFile)(program, args).then(
    ({ stdout }) => stdout.trim(),
    () => '',
  )

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return codeOf(error) === 'EPERM'
  }
}
