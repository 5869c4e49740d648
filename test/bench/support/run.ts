import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import project from '../../../package.json' with { type: 'json' }
import { choosePort } from '../../../src/embedded/port.ts'
import type { Taken } from './contender.ts'
import { endsWithUs } from './ends-with-us.ts'

const flagsOf = (script: string): string[] => script.match(/--(?!env-file)\S+/g) ?? []

/** The flags that `npm run worker`, `npm run api` and `npm run paperboy` give to Node. */
export const PROJECT_FLAGS = {
  worker: flagsOf(project.scripts.worker),
  api: flagsOf(project.scripts.api),
  paperboy: flagsOf(project.scripts.paperboy),
}
/** What `npm start` and `npm run paperboy` add to the environment. */
export const PROJECT_ENV = { NODE_COMPILE_CACHE: /NODE_COMPILE_CACHE=(\S+)/.exec(project.scripts.paperboy)![1]! }
export const WORKER_FLAGS = PROJECT_FLAGS.worker

const here = (file: string) => new URL(file, import.meta.url).pathname

/** After this long, a run counts as stuck. */
const PATIENCE_MS = 15 * 60_000

/** Runs one of our contenders and waits for its end. @param env besides PATH */
export async function runContender(
  name: string,
  task: object,
  env: Record<string, string> = {},
  nodeOptions: string[] = [],
): Promise<Taken> {
  const child = endsWithUs(
    spawn(process.execPath, [...nodeOptions, here('contender.ts'), name, JSON.stringify(task)], {
      env: { PATH: process.env.PATH ?? '', HOME: process.env.HOME ?? '/', ...env },
      stdio: ['ignore', 'pipe', 'inherit'],
      timeout: PATIENCE_MS,
    }),
  )
  let output = ''
  child.stdout.on('data', (chunk) => (output += chunk))
  const [code] = await once(child, 'close')
  if (code !== 0) throw new Error(`the contender "${name}" ended with ${code}`)
  return JSON.parse(output.trim().split('\n').at(-1)!)
}

/** Runs another program and waits for its end. The shell measures its CPU time, /proc its memory. */
export async function runProgram(program: string, args: string[], messages: number): Promise<Taken> {
  const beganAt = Date.now()
  const child = endsWithUs(
    spawn('bash', ['-c', 'TIMEFORMAT="%U %S"; time "$@"', 'bench', program, ...args], {
      stdio: ['ignore', 'ignore', 'pipe'],
    }),
  )
  let errors = ''
  child.stderr.on('data', (chunk) => (errors += chunk))
  const peak = watchPeak(child)
  const [code] = await once(child, 'close')
  if (code !== 0) throw new Error(`${program} ended with ${code}: ${errors}`)
  const [user, system] = errors.trim().split('\n').at(-1)!.split(' ').map(Number)
  return { messages, beganAt, endedAt: Date.now(), cpuSeconds: user! + system!, peakMegabytes: peak() }
}

/** Polls /proc for the peak memory of any process below `child`, in MB. */
function watchPeak(child: ChildProcess): () => number {
  let most = 0
  const timer = setInterval(() => {
    try {
      const below = readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8').trim().split(' ')
      const peaks = below.map((pid) => /VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? '0')
      most = Math.max(most, ...peaks.map(Number))
    } catch {} // the process has ended
  }, 50)
  child.once('close', () => clearInterval(timer))
  return () => most / 1024
}

const SMTP_SINK = '/usr/sbin/smtp-sink'

export interface SinkProcess {
  port: number
  /** CPU seconds so far */
  cpu(): number
}

/** Starts a sink in its own process: Postfix's, or a bare socket sink. */
export async function startSink(
  stack: AsyncDisposableStack,
  options: { postfix: boolean; delayMs?: number },
): Promise<SinkProcess> {
  const port = await choosePort(undefined)
  const [program, ...args] = options.postfix
    ? // smtp-sink refuses to run as root.
      [SMTP_SINK, ...(process.getuid?.() === 0 ? ['-u', 'nobody'] : []), '-m', '1000', `127.0.0.1:${port}`, '1000']
    : [process.execPath, here('bare-sink.ts'), String(port), String(options.delayMs ?? 0)]
  const child = endsWithUs(spawn(program!, args, { stdio: ['ignore', 'ignore', 'inherit'] }))
  stack.defer(async () => {
    child.kill('SIGKILL')
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
  })
  for (let tries = 0; !(await answers(port)); tries++) {
    if (tries > 200) throw new Error('The sink does not answer.')
    await delay(25)
  }
  return { port, cpu: () => cpuOf(child.pid!) }
}

/** Returns the CPU seconds of a running process, over all its threads. */
export function cpuOf(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ')
  return (Number(fields[11]) + Number(fields[12])) / 100
}

const answers = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('data', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
