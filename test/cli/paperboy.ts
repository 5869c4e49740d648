import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll } from 'vitest'

/** For the files of a test. Commands have their data folder in it. */
export const folder = mkdtempSync(join(tmpdir(), 'paperboy-cli-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

interface Ended {
  code: number
  stdout: string
  stderr: string
}

/** Runs a command as a shell does, with an environment of its own. */
export function paperboy(args: string[], env: Record<string, string> = {}): Promise<Ended> {
  const given = {
    PATH: process.env.PATH,
    HOME: folder,
    NODE_ENV: 'test',
    DATABASE_URL: 'postgres://nobody@127.0.0.1:1/nothing',
    SMTP_URL: 'smtp://127.0.0.1:1',
    DATA_DIR: join(folder, 'data'),
    PUBLIC_URL: 'https://paperboy.example',
    MAIL_FROM: 'Paperboy <papers@paperboy.example>',
    SECRET_KEY: 'a test key that is thirty-two bytes long at least',
    SUPPRESSION_KEY: 'another test key that is thirty-two bytes long',
    ...env,
  }
  const options = { cwd: new URL('../..', import.meta.url), env: given }
  return new Promise((resolve) => {
    execFile(process.execPath, ['src/cli/main.ts', ...args], options, (error, stdout, stderr) =>
      resolve({ code: error ? Number(error.code) : 0, stdout, stderr }),
    )
  })
}
