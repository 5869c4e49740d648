import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'

const CODE = `
  import { logAsJob, openLog } from './src/runtime/log.ts'
  const log = openLog({ LOG_LEVEL: 'info' })
  log.info('outside')
  await logAsJob('send-batch', 'send-batch-7-0', async () => {
    await null
    log.warn({ err: new Error('Key (email)=(ada@example.org) exists') }, 'inside')
  })`
const run = (command: string, ...args: string[]) =>
  spawnSync(command, args, { cwd: join(import.meta.dirname, '../../'), encoding: 'utf8' }).stdout

test('lines of a job name the job and its id', () => {
  const [outside, inside] = run(process.execPath, '--input-type=module-typescript', '-e', CODE)
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
  expect(outside).toMatchObject({ msg: 'outside', level: 30 })
  expect(outside.job).toBeUndefined()
  expect(inside).toMatchObject({ msg: 'inside', job: 'send-batch', jobId: 'send-batch-7-0' })
})

test('a terminal gets readable lines, and neither form shows an address', () => {
  // `script` gives the process a terminal.
  const node = `${process.execPath} --input-type=module-typescript -e "$CODE"`
  const shown = spawnSync('script', ['-qec', node, '/dev/null'], {
    cwd: join(import.meta.dirname, '../../'),
    env: { ...process.env, CODE },
    encoding: 'utf8',
  }).stdout
  expect(shown).toMatch(/\[\d\d:\d\d:\d\d\].*INFO.*outside/)
  expect(shown).toContain('send-batch-7-0')
  expect(shown).not.toContain('"level"')
  expect(shown + run(process.execPath, '--input-type=module-typescript', '-e', CODE)).not.toContain('ada@example.org')
})

/** Runs code whose output goes to a file that takes 1 kB, as on a full disk. The code finds its name in FILE. */
function runOnFullDisk(code: string) {
  const folder = mkdtempSync(join(tmpdir(), 'paperboy-log-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const file = join(folder, 'log')
  const command = `ulimit -f 1; exec "${process.execPath}" --input-type=module-typescript -e "$CODE" >> "$FILE"`
  const { status, stderr } = spawnSync('bash', ['-c', command], {
    cwd: join(import.meta.dirname, '../../'),
    env: { ...process.env, CODE: code, FILE: file },
    encoding: 'utf8',
    timeout: 20_000,
    killSignal: 'SIGKILL',
  })
  return { status, stderr, written: readFileSync(file, 'utf8') }
}

test('a full disk costs lines of the log, and not the process; with room again, it goes on', () => {
  const { status, stderr, written } = runOnFullDisk(`
    import { truncateSync } from 'node:fs'
    import { setTimeout } from 'node:timers/promises'
    import { openLog } from './src/runtime/log.ts'
    const log = openLog({ LOG_LEVEL: 'info' })
    for (const name of ['first', 'second']) {
      log.info({ long: 'x'.repeat(2_000) }, name)
      await setTimeout(100)
    }
    truncateSync(process.env.FILE)
    log.info('there is room again')
    await setTimeout(100)
    log.info({ long: 'x'.repeat(2_000) }, 'last')`)
  expect(stderr).toBe('')
  expect(status).toBe(0)
  expect(written).toContain('there is room again')
})

test('a service whose output cannot be written runs on', () => {
  const { status, stderr } = runOnFullDisk(`
    import { setTimeout as delay } from 'node:timers/promises'
    import { print } from './src/lib/terminal.ts'
    import { runUntilSignal } from './src/runtime/process.ts'
    await runUntilSignal(async (stack) => {
      stack.adopt(setInterval(() => {}, 1_000), clearInterval)
      for (const _ of [1, 2, 3]) {
        print('x'.repeat(2_000))
        await delay(100)
      }
      process.kill(process.pid, 'SIGTERM')
    })`)
  expect(stderr).toBe('')
  expect(status).toBe(0)
})
