import { Worker } from 'node:worker_threads'

/** @returns the HTML. @throws Error with MJML's first problem */
type Compile = (mjml: string) => Promise<string>

/** MJML takes 80 MB, and is used once per edition and kind of email. */
const IDLE_MS = 60_000

let running: Compile | undefined

/**
 * Compiles MJML to HTML in a thread of its own, which starts at the first call and ends when idle.
 * Loading MJML blocks for half a second, and an edition takes another half: emails being sent would wait for both.
 *
 * @throws Error with MJML's first problem
 */
export const compileMjml: Compile = (mjml) => {
  running ??= startThread()
  return running(mjml)
}

const firstOf = ([first, ...more]: readonly string[]): string =>
  more.length > 0 ? `${first} · ${more.length} more` : first!

function startThread(): Compile {
  const thread = new Worker(new URL('./mjml-thread.ts', import.meta.url))
  const waiting = new Map<number, PromiseWithResolvers<string>>()
  let id = 0
  const compile: Compile = (mjml) => {
    const answer = Promise.withResolvers<string>()
    waiting.set(++id, answer)
    thread.ref()
    thread.postMessage({ id, mjml })
    return answer.promise
  }
  // The next call starts a new thread, even before this one has ended.
  const retire = () => {
    if (running === compile) running = undefined
  }
  const end = (error: Error) => {
    retire()
    for (const { reject } of waiting.values()) reject(error)
    waiting.clear()
  }
  const idle = setTimeout(() => {
    if (waiting.size > 0) return
    retire()
    void thread.terminate()
  }, IDLE_MS).unref()

  thread.on('message', ({ id, html, errors }: { id: number; html: string; errors: string[] }) => {
    const { resolve, reject } = waiting.get(id)!
    waiting.delete(id)
    if (errors.length > 0) reject(new Error(firstOf([...new Set(errors)])))
    else resolve(html)
    if (waiting.size > 0) return
    idle.refresh()
    // It must not keep the process alive.
    thread.unref()
  })
  thread.on('error', end)
  thread.on('exit', () => end(new Error('The thread that compiles MJML ended.')))
  return compile
}
