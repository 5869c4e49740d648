import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable, Writable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import { test as base } from 'vitest'
import { removeOwned } from '../../src/embedded/cluster.ts'
import { clusterOf } from '../../src/embedded/cluster-home.ts'
import { shutDown } from '../../src/embedded/postmaster.ts'
import { readRecord } from '../../src/embedded/server-record.ts'

export const isRoot = process.getuid?.() === 0
export const NOBODY = { uid: 65534, gid: 65534 }

/** One line of starter.ts's output. */
type Line = Partial<{
  url: string
  startedHere: boolean
  notes: string[]
  progress: string
  locked: boolean
  answered: boolean
  done: boolean
  failed: string
}>

export interface Starter {
  pid: number
  /** returns the next line, or undefined after the end */
  next(): Promise<Line | undefined>
  /** returns the next line that is no progress message */
  result(): Promise<Line | undefined>
  stop(): void
  /** signals the whole process group, as a terminal's Ctrl-C does */
  signal(signal: NodeJS.Signals): void
  ended: Promise<unknown>
}

interface Options {
  uid?: number
  gid?: number
  env?: Record<string, string>
  script?: string
}

/** A folder that any user can enter, and processes on it. Cleanup removes both, and any server that still runs. */
export const test = base
  // biome-ignore lint/correctness/noEmptyPattern: vitest reads the fixtures a fixture needs from this pattern
  .extend('folder', { scope: 'test' }, async ({}, { onCleanup }) => {
    const folder = await mkdtemp(join(tmpdir(), 'paperboy-embedded-'))
    await chmod(folder, 0o755)
    onCleanup(() => rm(folder, { recursive: true, force: true }))
    return folder
  })
  .extend('dataDir', { scope: 'test' }, async ({ folder }, { onCleanup }) => {
    const dataDir = join(folder, 'data')
    onCleanup(() => wipe(dataDir))
    return dataDir
  })
  .extend('run', { scope: 'test' }, async ({ dataDir }, { onCleanup }) => {
    const starters: Starter[] = []
    onCleanup(async () => {
      for (const { pid, signal, ended } of starters) {
        if (isAlive(pid)) signal('SIGKILL')
        await ended
      }
    })
    return (what: 'start' | 'lock', options: Options = {}): Starter => {
      const starter = begin(what, dataDir, options)
      starters.push(starter)
      return starter
    }
  })

export async function wipe(dataDir: string): Promise<void> {
  const record = await readRecord(dataDir).catch(() => undefined)
  if (!record) return
  await shutDown(record.home)
  await removeOwned(clusterOf(record.home), record.owner)
  await rm(record.home, { recursive: true, force: true })
}

function begin(what: string, dataDir: string, { env, script, ...user }: Options): Starter {
  const file = script ?? fileURLToPath(new URL('./starter.ts', import.meta.url))
  const child: ChildProcessByStdio<Writable, Readable, null> = spawn(process.execPath, [file, what, dataDir], {
    stdio: ['pipe', 'pipe', 'inherit'],
    detached: true,
    cwd: '/',
    env: { PATH: '/usr/bin:/bin', TMPDIR: tmpdir(), ...env },
    ...user,
  })
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]()
  const next = async (): Promise<Line | undefined> => {
    const { value, done } = await lines.next()
    return done ? undefined : JSON.parse(value)
  }
  const result = async () => {
    for (;;) {
      const line = await next()
      if (!line?.progress) return line
    }
  }
  const signal = (name: NodeJS.Signals) => void process.kill(-child.pid!, name)
  return { pid: child.pid!, next, result, stop: () => child.stdin.write('stop\n'), signal, ended: once(child, 'exit') }
}

export function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

/** Runs one statement on a connection of its own. */
export async function ask(url: string | undefined, statement: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url! })
  await client.connect()
  return client.query(statement).then(
    ({ rows }) => client.end().then(() => rows),
    (error) => client.end().then(() => Promise.reject(error)),
  )
}
