import { chmod, chown, mkdir, mkdtemp, realpath, rm, rmdir, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { codeOf, ignoreMissing, SetupError } from './setup-error.ts'
import { isOtherUser, runAs, type SystemUser, serverUser } from './system-user.ts'

/** Returns PostgreSQL's data directory inside a home. */
export const clusterOf = (home: string): string => join(home, 'cluster')

/** Returns whether initdb finished there. */
export const isInitialised = async (cluster: string): Promise<boolean> =>
  (await stat(join(cluster, 'global', 'pg_control')).catch(ignoreMissing)) !== undefined

export interface ClusterHome {
  home: string
  owner: SystemUser
}

/**
 * Chooses the folder and the owner of a new cluster. The folder is in the data folder, unless we are root and the unprivileged
 * user that runs PostgreSQL cannot reach it (root's own home is closed to others). The check runs as that user, since access
 * lists, mounts and security modules can override mode bits.
 *
 * Root owns the home, and that user only the cluster in it. Otherwise the user could plant a link where root writes.
 *
 * @param dataDir absolute path of an existing folder
 * @throws SetupError when no folder is suitable
 */
export async function chooseHome(dataDir: string): Promise<ClusterHome> {
  const owner = await serverUser()
  const inside = join(dataDir, 'postgres')
  await mkdir(inside, { recursive: true })
  await openToOwner(inside, owner)
  if (!isOtherUser(owner) || (await canLiveIn(inside, owner))) return { home: inside, owner }
  await rmdir(inside).catch(() => {}) // fails on the operator's own files; they stay
  for (const parent of await parentsOutside(dataDir)) {
    const home = await mkdtemp(join(parent, 'paperboy-')).catch(() => undefined)
    if (!home) continue
    await openToOwner(home, owner)
    if (await canLiveIn(home, owner)) return { home, owner }
    await rmdir(home)
  }
  throw new SetupError(
    `PostgreSQL refuses to run as root. The system user ${owner.name} would run it instead, but cannot reach ${dataDir} or another folder. Set DATA_DIR to a folder that ${owner.name} can reach, start Paperboy as another user, or set DATABASE_URL to your own server.`,
  )
}

/** Returns the banner's sentences about a home outside the data folder. */
export function describeHome(dataDir: string, { home, owner }: ClusterHome): string[] {
  if (home.startsWith(join(dataDir, '/'))) return []
  const note = `The database lives in ${home}: PostgreSQL refuses to run as root, and the system user ${owner.name} that runs it cannot reach ${dataDir}.`
  return home.startsWith(join(tmpdir(), '/'))
    ? [note, 'This is a temporary folder. The system may delete its files.']
    : [note]
}

/** A temporary data folder gets a temporary home, so that its leftovers do not fill the disk. */
async function parentsOutside(dataDir: string): Promise<string[]> {
  const lasting = ['/var/lib', '/usr/local/var', '/var/tmp']
  const isTemporary = (await realpath(dataDir)).startsWith(join(await realpath(tmpdir()), '/'))
  return isTemporary ? [tmpdir(), ...lasting] : [...lasting, tmpdir()]
}

const openToOwner = (home: string, owner: SystemUser) => chmod(home, isOtherUser(owner) ? 0o755 : 0o700)

async function canLiveIn(home: string, owner: SystemUser): Promise<boolean> {
  const trial = join(home, 'trial')
  await mkdir(trial, { recursive: true })
  try {
    await makePrivate(owner, trial)
    return await canUse(trial, owner)
  } catch (error) {
    if (codeOf(error) === 'EPERM') return false // some mounts do not support owners
    throw error
  } finally {
    await rm(trial, { recursive: true })
  }
}

/** Gives a folder of ours to its owner and closes it to other users. */
export async function makePrivate(owner: SystemUser, folder: string): Promise<void> {
  await chmod(folder, 0o700)
  if (isOtherUser(owner)) await chown(folder, owner.uid, owner.gid)
}

/** Returns whether a user can enter a folder and write there. The check runs as that user. */
export const canUse = (folder: string, owner: SystemUser): Promise<boolean> =>
  runAs(owner, '/bin/sh', ['-c', 'cd "$0" && : > .paperboy-trial && rm .paperboy-trial', folder]).then(
    () => true,
    () => false,
  )
