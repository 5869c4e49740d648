import { type ChildProcess, fork } from 'node:child_process'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { printError } from '../src/lib/terminal.ts'
import { readEnvironment } from '../src/runtime/config/config.ts'
import { runUntilSignal } from '../src/runtime/process.ts'
import { type Measurements, serveMetrics } from './metrics.ts'

const WORKER = join(import.meta.dirname, 'main.ts')
const RESTART_AFTER_MS = 1_000
/** A process that does not tell its measurements within this time is left out of a scrape. */
const ANSWER_WITHIN_MS = 2_000

/**
 * Runs several worker processes as one service. They share nothing but the database and the queue, as workers on several machines do.
 * A signal to stop reaches every process, and this one ends after the last. A process that dies is replaced, but one that
 * ends before it was ready, for example because of a wrong setting, ends the service with its exit code.
 */
export const runProcesses = (count: number): Promise<never> =>
  runUntilSignal(async (stack, stopping) => {
    const running = new Set<ChildProcess>()
    const closing = new AbortController()
    const enough = AbortSignal.any([stopping, closing.signal])
    const ended = Promise.all(Array.from({ length: count }, () => keepOneRunning(running, enough)))
    stack.defer(async () => {
      closing.abort()
      for (const child of running) child.kill('SIGTERM')
      await ended
    })
    const metrics = await serveMetrics(readEnvironment(process.env), () => askAll(running))
    stack.defer(() => metrics.close())
  })

/** Starts a worker again whenever it ends, until `stopping`. */
async function keepOneRunning(running: Set<ChildProcess>, stopping: AbortSignal): Promise<void> {
  while (!stopping.aborted) {
    const { ready, code } = await runWorker(running)
    if (stopping.aborted) {
      process.exitCode ||= code
      return
    }
    if (!ready) {
      process.exitCode = code || 1
      process.kill(process.pid, 'SIGTERM')
      return
    }
    printError(`A worker process ended with code ${code}. A new one starts.`)
    await delay(RESTART_AFTER_MS, undefined, { signal: stopping }).catch(() => {})
  }
}

/** Runs one worker until it ends. @returns whether it had begun to work, and its exit code; 1 if a signal killed it */
async function runWorker(running: Set<ChildProcess>): Promise<{ ready: boolean; code: number }> {
  const child = fork(WORKER, [])
  running.add(child)
  let ready = false
  child.once('message', () => {
    ready = true
  })
  const ended = Promise.withResolvers<number>()
  child.once('exit', (code) => ended.resolve(code ?? 1))
  child.once('error', (error) => {
    printError(`A worker process could not start: ${error.message}`)
    ended.resolve(1)
  })
  const code = await ended.promise
  running.delete(child)
  return { ready, code }
}

async function askAll(running: Set<ChildProcess>): Promise<Measurements[]> {
  const answers = await Promise.all([...running].map(ask))
  return answers.filter((answer) => answer !== undefined)
}

function ask(child: ChildProcess): Promise<Measurements | undefined> {
  return new Promise((resolve) => {
    const done = (answer?: Measurements) => {
      clearTimeout(timer)
      child.off('message', receive)
      resolve(answer)
    }
    const receive = (message: unknown) => Array.isArray(message) && done(message as Measurements)
    const timer = setTimeout(done, ANSWER_WITHIN_MS)
    child.on('message', receive)
    child.send('measure', (error) => error && done())
  })
}
