import {
  accessSync,
  chmodSync,
  constants,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statfsSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'

/** Linux has a file system in memory there. */
const MEMORY = '/dev/shm'
/** Several times what a run needs. A container often has 64 MB. */
const NEEDED_BYTES = 2 * 1024 ** 3
const KILL_AFTER_MS = 5_000

/**
 * Makes the folder in which a run keeps all its files: PostgreSQL's, and as TMPDIR those of its tests. It is in memory if there is
 * room. Most tests create and delete a database of 600 files, for which ext4 takes up to 0.4 s of CPU time, and memory 0.02 s.
 *
 * @returns its path, and a function that removes it. If a signal ends the run, the processes that the run started end too.
 */
export function openRunFolder(): { folder: string; remove: () => void } {
  const outside = process.env.TMPDIR
  const folder = inMemory() ?? newFolder(tmpdir())
  process.env.TMPDIR = folder
  const remove = () => {
    process.off('exit', abandon)
    process.off('SIGHUP', hangUp)
    if (outside === undefined) delete process.env.TMPDIR
    else process.env.TMPDIR = outside
    rmSync(folder, { recursive: true, force: true, maxRetries: 10 })
  }
  const abandon = () => {
    endProcesses(folder)
    remove()
  }
  // Vitest turns SIGINT and SIGTERM into an exit without a teardown.
  const hangUp = () => process.exit(129)
  process.on('exit', abandon)
  process.on('SIGHUP', hangUp)
  return { folder, remove }
}

/** Makes a folder that is open to every user, as /tmp is: tests and PostgreSQL run as other users, too. */
function newFolder(parent: string): string {
  const folder = mkdtempSync(join(parent, 'paperboy-test-'))
  chmodSync(folder, 0o1777)
  return folder
}

function inMemory(): string | undefined {
  let folder: string | undefined
  try {
    const { bavail, bsize } = statfsSync(MEMORY)
    if (bavail * bsize < NEEDED_BYTES) return undefined
    folder = newFolder(MEMORY)
    // Containers may forbid programs there, and PostgreSQL's are copied if its user cannot reach the project.
    const program = join(folder, 'program')
    writeFileSync(program, '', { mode: 0o755 })
    accessSync(program, constants.X_OK)
    rmSync(program)
    return folder
  } catch {
    if (folder) rmSync(folder, { recursive: true })
    return undefined
  }
}

/** Ends the processes that work in a folder or have it as their TMPDIR, and waits for their end. */
function endProcesses(folder: string): void {
  // SIGQUIT stops PostgreSQL at once, and it frees its shared memory.
  for (let waited = 0, left = processesOf(folder); left.length > 0; waited += 50, left = processesOf(folder)) {
    if (waited > 2 * KILL_AFTER_MS) return
    for (const pid of left) kill(pid, waited < KILL_AFTER_MS ? 'SIGQUIT' : 'SIGKILL')
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 50)
  }
}

/** Knows them on Linux only. */
function processesOf(folder: string): number[] {
  const servers = serversOf(folder)
  const isOurs = (pid: string): boolean => {
    try {
      // The root of a container may not see the folder of another user's process.
      if (servers.includes(pid)) return /^(?:.*\/)?postgres\0/.test(readFileSync(`/proc/${pid}/cmdline`, 'utf8'))
      if (readlinkSync(`/proc/${pid}/cwd`).startsWith(`${folder}/`)) return true
      return readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0').includes(`TMPDIR=${folder}`)
    } catch {
      return false // it has ended
    }
  }
  try {
    return readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid && isOurs(name))
      .map(Number)
  } catch {
    return []
  }
}

/** Returns the process ids that PostgreSQL's servers wrote down. One that was killed may have left its file. */
function serversOf(folder: string): string[] {
  try {
    return readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((path) => basename(path) === 'postmaster.pid')
      .map((path) => readFileSync(join(folder, path), 'utf8').split('\n', 1)[0]!)
  } catch {
    return [] // a process that still runs has just deleted files
  }
}

function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch {} // it has ended
}
