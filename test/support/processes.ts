import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'

const ROOT = join(import.meta.dirname, '../../')

export interface Started {
  child: ChildProcess
  /** its stdout and stderr so far */
  output(): string
  /** sends a signal, waits for the exit and returns the exit code */
  end(signal: NodeJS.Signals): Promise<number | null>
}

/** The environment of a process in production. It reads no source of papers. */
export const productionEnv = <More extends Record<string, string>>(
  databaseUrl: string,
  smtpUrl: string,
  more: More,
) => ({
  NODE_ENV: 'production',
  DATABASE_URL: databaseUrl,
  SMTP_URL: smtpUrl,
  PUBLIC_URL: 'https://paperboy.example',
  MAIL_FROM: 'Paperboy <papers@paperboy.example>',
  POSTAL_ADDRESS: '1 Press Street, Inkwell',
  SECRET_KEY: 'a test key that is thirty-two bytes long at least',
  SUPPRESSION_KEY: 'another test key that is thirty-two bytes long',
  PAPER_SOURCES: 'none',
  ...more,
})

/** As npm's scripts do: without it, Node loads a parser for 60 ms to strip the types of the entry point. */
export const COMPILE_CACHE = { NODE_COMPILE_CACHE: join(ROOT, 'node_modules/.cache/paperboy') }

/** Starts one of the product's processes. It inherits PATH, HOME and TMPDIR; `env` is the rest of its environment. */
export const start = (script: string, args: string[], env: Record<string, string>): Started =>
  startProgram(process.execPath, [script, ...args], { ...COMPILE_CACHE, ...env })

/** Starts any program, in the project's folder. */
export function startProgram(program: string, args: string[], env: Record<string, string>): Started {
  let text = ''
  const child = spawn(program, args, {
    cwd: ROOT,
    env: { PATH: process.env.PATH ?? '', HOME: process.env.HOME ?? '/', TMPDIR: tmpdir(), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk) => (text += chunk))
  const ended = once(child, 'exit')
  return {
    child,
    output: () => text,
    async end(signal) {
      if (child.exitCode === null && child.signalCode === null) child.kill(signal)
      await ended
      return child.exitCode
    },
  }
}

/** Waits until a process has printed `words`. @throws Error with its output if it exits first, or after a minute */
export async function until(process: Started, words: string): Promise<void> {
  for (const end = Date.now() + 60_000; !process.output().includes(words); await delay(25)) {
    const ended = process.child.exitCode !== null || process.child.signalCode !== null
    if (ended || Date.now() > end) throw new Error(`never printed "${words}":\n${process.output()}`)
  }
}
