import { spawn } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { userInfo } from 'node:os'
import { SetupError } from './setup-error.ts'

/** The system user that owns the cluster's files and runs PostgreSQL. */
export interface SystemUser {
  name: string
  uid: number
  gid: number
}

/** Users without a login that most systems have, best first. macOS names PostgreSQL's user `_postgres`. */
const UNPRIVILEGED = ['postgres', '_postgres', 'nobody']

export const isRoot = (): boolean => process.getuid?.() === 0

/**
 * Returns the user that should run PostgreSQL: ourselves, or an unprivileged user if we are root, since PostgreSQL refuses root.
 *
 * @throws SetupError when we are root and the system has no such user
 */
export async function serverUser(): Promise<SystemUser> {
  if (!isRoot()) return ourselves()
  const users = (await readFile('/etc/passwd', 'utf8').catch(() => '')).split('\n').map((line) => line.split(':'))
  for (const name of UNPRIVILEGED) {
    const [, , uid, gid] = users.find((fields) => fields[0] === name) ?? []
    if (Number(uid) > 0 && Number(gid) > 0) return { name, uid: Number(uid), gid: Number(gid) }
  }
  throw new SetupError(
    `PostgreSQL refuses to run as root, and this system has none of the users ${UNPRIVILEGED.join(', ')} to run it. Start Paperboy as another user, or set DATABASE_URL to your own server.`,
  )
}

const ourselves = (): SystemUser => ({
  name: userName(),
  uid: process.getuid?.() ?? -1,
  gid: process.getgid?.() ?? -1,
})

/** Returns the name of the user that we run as. A container's user may have none: then "uid 10001". */
export function userName(): string {
  try {
    return userInfo().username
  } catch {
    return `uid ${process.getuid?.() ?? -1}`
  }
}

/** Returns the user to run the server as. Root can use the recorded owner; any other user can only run it as itself. */
export const ownerToRunAs = (recorded: SystemUser): SystemUser => (isRoot() ? recorded : ourselves())

/** Returns whether we are root and `user` is not: then files must be chowned and programs run as that user. */
export const isOtherUser = (user: SystemUser): boolean => isRoot() && user.uid !== 0

class ProgramFailed extends Error {
  override readonly name = 'ProgramFailed'
}

/**
 * Runs a program as a user and waits for its end. It gets its own session, so that Ctrl-C at the terminal does not reach it, and a
 * minimal environment: PG* variables and locale settings change the behaviour of PostgreSQL's programs.
 *
 * @returns its output
 * @throws ProgramFailed with its output
 */
export async function runAs(user: SystemUser, program: string, args: string[], cwd = '/'): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  const child = spawn(program, args, {
    cwd,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: '/usr/bin:/bin', LANG: 'C', LC_ALL: 'C', TZ: 'UTC' },
    ...(isOtherUser(user) ? { uid: user.uid, gid: user.gid } : {}),
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
