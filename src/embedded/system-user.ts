import { spawn } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { userInfo } from 'node:os'
import { SetupError } from './setup-error.ts'

/** The system's user whom the cluster's files belong to and PostgreSQL runs as. */
export interface SystemUser {
  name: string
  uid: number
  gid: number
}

/** Users without a login that nearly every system has, the fittest first; macOS calls PostgreSQL's `_postgres`. */
const UNPRIVILEGED = ['postgres', '_postgres', 'nobody']

export const isRoot = (): boolean => process.getuid?.() === 0

/**
 * PostgreSQL refuses to run as root; then an unprivileged user stands in.
 *
 * @throws SetupError when we are root and there is no such user
 */
export async function serverUser(): Promise<SystemUser> {
  if (!isRoot()) return ourselves()
  const users = (await readFile('/etc/passwd', 'utf8').catch(() => '')).split('\n').map((line) => line.split(':'))
  for (const name of UNPRIVILEGED) {
    const [, , uid, gid] = users.find((fields) => fields[0] === name) ?? []
    if (Number(uid) > 0 && Number(gid) > 0) return { name, uid: Number(uid), gid: Number(gid) }
  }
  throw new SetupError(
    `PostgreSQL refuses to run as root, and this system has no user ${UNPRIVILEGED.join(', ')} to run it as. Start Paperboy as another user, or set DATABASE_URL to a server of your own.`,
  )
}

function ourselves(): SystemUser {
  const { uid, gid } = { uid: process.getuid?.() ?? -1, gid: process.getgid?.() ?? -1 }
  try {
    return { name: userInfo().username, uid, gid }
  } catch {
    return { name: `uid ${uid}`, uid, gid } // a container's user may have no name
  }
}

/** Root can run the server as whom it was made for, anyone else only as themselves. */
export const runnableAs = (recorded: SystemUser): SystemUser => (isRoot() ? recorded : ourselves())

/** Whether the user is another than we are: files must be given to them, and programs started in their name. */
export const isAnother = (user: SystemUser): boolean => isRoot() && user.uid !== 0

class ProgramFailed extends Error {
  override readonly name = 'ProgramFailed'
}

/**
 * Runs a program as that user to its end. Its session is its own, so that a Ctrl-C at the terminal does not reach it;
 * its environment is bare, since the caller's PG* variables and locale would change what PostgreSQL's programs do.
 *
 * @returns what it printed
 * @throws ProgramFailed with what it printed
 */
export async function runAs(user: SystemUser, program: string, args: string[], cwd = '/'): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  const child = spawn(program, args, {
    cwd,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: '/usr/bin:/bin', LANG: 'C', LC_ALL: 'C', TZ: 'UTC' },
    ...(isAnother(user) ? { uid: user.uid, gid: user.gid } : {}),
  })
  let printed = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      printed += text
    })
  }
  child.on('error', (error) => reject(new ProgramFailed(error.message, { cause: error })))
  child.on('close', (code, signal) => {
    if (code === 0) resolve(printed)
    else reject(new ProgramFailed(printed.trim() || `it ended with ${signal ?? `code ${code}`}`))
  })
  return promise
}
