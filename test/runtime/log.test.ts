import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { expect, test } from 'vitest'

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
