import { once } from 'node:events'
import { existsSync } from 'node:fs'
import pg from 'pg'
import { expect, onTestFinished, test } from 'vitest'
import { start, until } from './processes.ts'

/** A run: its setup, and a process that a test started. It ends at a signal as vitest does, without the teardown. */
const RUN = `
  import { spawn } from 'node:child_process'
  import setup from './test/support/global-setup.ts'
  process.once('SIGTERM', () => process.exit(143))
  await setup({ provide: (_, url) => console.log('url', url) })
  spawn('sleep', ['600'], { detached: true, stdio: 'inherit' })
  console.log('folder', process.env.TMPDIR)
  console.log('ready')
  setInterval(() => {}, 1_000)`

/** Elsewhere, the processes of a run are not known. */
const onLinux = test.runIf(process.platform === 'linux')

for (const signal of ['SIGTERM', 'SIGHUP'] as const) {
  onLinux(`a run that ${signal} ends leaves no PostgreSQL, no process and no file`, { timeout: 120_000 }, async () => {
    const run = start('--input-type=module-typescript', ['-e', RUN], {})
    onTestFinished(() => void run.end('SIGKILL'))
    await until(run, 'ready')
    const printed = (name: string) => new RegExp(`^${name} (\\S+)`, 'm').exec(run.output())![1]!
    const connect = async () => {
      const client = new pg.Client({ connectionString: printed('url') })
      await client.connect()
      await client.end()
    }
    await connect()
    const closed = once(run.child, 'close') // by every process that may write to its output
    await run.end(signal)
    await closed
    await expect(connect()).rejects.toMatchObject({ code: 'ECONNREFUSED' })
    expect(existsSync(printed('folder'))).toBe(false)
  })
}
