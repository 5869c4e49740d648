import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import type { Db } from '../../../src/runtime/db/database.ts'
import { databaseCpu } from './cpu.ts'
import { endsWithUs } from './ends-with-us.ts'
import { PROJECT_FLAGS } from './run.ts'

/** What one run of a command took. */
export interface MeasuredCommand {
  seconds: number
  /** of the command's own process */
  cpuSeconds: number
  /** of PostgreSQL, its background processes included */
  databaseCpuSeconds: number
  peakMegabytes: number
  output: string
}

/**
 * Runs `npm run paperboy -- …` without npm, to its end.
 * @param env the command's whole environment, besides PATH and HOME
 * @throws Error with the command's output when it fails
 */
export async function runPaperboy(db: Db, args: string[], env: Record<string, string>): Promise<MeasuredCommand> {
  const database = await databaseCpu(db)
  const before = database()
  const began = performance.now()
  // bash reports the CPU time of a child that has ended; Node does not.
  const command = [process.execPath, ...PROJECT_FLAGS.paperboy, 'src/cli/main.ts', ...args]
  const child = endsWithUs(
    spawn('bash', ['-c', 'TIMEFORMAT="%U %S"; time "$@"', 'bench', ...command], {
      env: { PATH: process.env.PATH ?? '', HOME: process.env.HOME ?? '/', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    }),
  )
  let output = ''
  let errors = ''
  child.stdout.on('data', (chunk) => (output += chunk))
  child.stderr.on('data', (chunk) => (errors += chunk))
  let peak = 0
  const timer = setInterval(() => (peak = Math.max(peak, peakOfChildren(child.pid!))), 50)
  const [code] = await once(child, 'close')
  clearInterval(timer)
  if (code !== 0) throw new Error(`paperboy ${args.join(' ')} ended with ${code}: ${output}${errors}`)
  const [user, system] = errors.trim().split('\n').at(-1)!.split(' ').map(Number)
  return {
    seconds: (performance.now() - began) / 1000,
    cpuSeconds: user! + system!,
    databaseCpuSeconds: database() - before,
    peakMegabytes: peak,
    output: output.trim(),
  }
}

/** Returns the peak memory of the largest child, in MB, or 0 when all have ended. */
function peakOfChildren(pid: number): number {
  try {
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ')
    return Math.max(...children.map(peakOf))
  } catch {
    return 0
  }
}

/** Returns the peak memory of a process so far, in MB. */
export const peakOf = (pid: number | string): number =>
  Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024
