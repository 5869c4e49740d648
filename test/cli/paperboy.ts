import { type ExecFileOptionsWithStringEncoding, execFile } from 'node:child_process'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { COMPILE_CACHE } from '../support/processes.ts'

/**
 * For the files of a test. Commands have their data folder in it. A worker's test files share this module, so it lasts as long as
 * the run's folder.
 */
export const folder = mkdtempSync(join(tmpdir(), 'paperboy-cli-'))

interface Ended {
  code: number
  stdout: string
  stderr: string
}

/**
 * Runs a command as a shell does, with an environment of its own.
 * @param to.stdout a file in place of the pipe
 * @param to.lines the pipe is closed after so many lines, as `head` does
 * @param to.stdin what it reads
 * @param to.uid the user, by number; needs root
 */
export function paperboy(
  args: string[],
  env: Record<string, string> = {},
  to: { stdout?: string; lines?: number; stdin?: string; uid?: number } = {},
): Promise<Ended> {
  const options: ExecFileOptionsWithStringEncoding = {
    cwd: new URL('../..', import.meta.url),
    encoding: 'utf8',
    ...(to.uid === undefined ? {} : { uid: to.uid, gid: to.uid }),
    env: {
      PATH: process.env.PATH,
      TMPDIR: tmpdir(),
      ...COMPILE_CACHE,
      HOME: folder,
      NODE_ENV: 'test',
      DATABASE_URL: 'postgres://nobody@127.0.0.1:1/nothing',
      SMTP_URL: 'smtp://127.0.0.1:1',
      DATA_DIR: join(folder, 'data'),
      PUBLIC_URL: 'https://paperboy.example',
      MAIL_FROM: 'Paperboy <papers@paperboy.example>',
      SECRET_KEY: 'a test key that is thirty-two bytes long at least',
      SUPPRESSION_KEY: 'another test key that is thirty-two bytes long',
      OUT: to.stdout ?? '',
      LINES: String(to.lines ?? ''),
      ...env,
    },
  }
  const command = [process.execPath, 'src/cli/main.ts', ...args]
  const redirected = to.stdout ? ' > "$OUT"' : to.lines ? ' | head -n "$LINES"' : ''
  const [program, ...rest] = redirected
    ? ['bash', '-o', 'pipefail', '-c', `"$@"${redirected}`, 'bash', ...command]
    : command
  return new Promise((resolve) => {
    const child = execFile(program!, rest, options, (error, stdout, stderr) =>
      resolve({ code: error ? Number(error.code) : 0, stdout, stderr }),
    )
    if (to.stdin !== undefined) child.stdin!.end(to.stdin)
  })
}
