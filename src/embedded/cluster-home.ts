import { chmod, chown, mkdir, mkdtemp, realpath, rm, rmdir, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { absent, codeOf, SetupError } from './setup-error.ts'
import { isAnother, runAs, type SystemUser, serverUser } from './system-user.ts'

/** The folder inside a home that PostgreSQL calls its data directory. */
export const clusterOf = (home: string): string => join(home, 'cluster')

/** Whether initdb came to its end there. */
export const isWhole = async (cluster: string): Promise<boolean> =>
  (await stat(join(cluster, 'global', 'pg_control')).catch(absent)) !== undefined

export interface ClusterHome {
  home: string
  owner: SystemUser
}

/**
 * Decides where a new cluster lives and whom it belongs to: in the data folder, unless we are root and the
 * unprivileged user who stands in cannot reach it (root's own home is closed to others). Whether it can is tried as
 * that user, since mode bits alone do not tell (access lists, mounts, security modules).
 *
 * A home belongs to root and only the cluster in it to that user, who could otherwise put a link in the way of
 * something root does there.
 *
 * @param dataDir absolute, exists
 * @throws SetupError when no folder will do
 */
export async function chooseHome(dataDir: string): Promise<ClusterHome> {
  const owner = await serverUser()
  const inside = join(dataDir, 'postgres')
  await mkdir(inside, { recursive: true })
  await openToOwner(inside, owner)
  if (!isAnother(owner) || (await canLiveIn(inside, owner))) return { home: inside, owner }
  await rmdir(inside).catch(() => {}) // not empty: something of the operator's, not ours to judge
  for (const parent of await parentsOutside(dataDir)) {
    const home = await mkdtemp(join(parent, 'paperboy-')).catch(() => undefined)
    if (!home) continue
    await openToOwner(home, owner)
    if (await canLiveIn(home, owner)) return { home, owner }
    await rmdir(home)
  }
  throw new SetupError(
    `PostgreSQL refuses to run as root, and the system user ${owner.name}, who stands in, can reach neither ${dataDir} nor another folder. Set DATA_DIR to a folder that ${owner.name} can reach, start Paperboy as another user, or set DATABASE_URL to a server of your own.`,
  )
}

/** The banner's sentence about a home that is not where one would look for it. */
export function homeNotes(dataDir: string, { home, owner }: ClusterHome): string[] {
  if (home.startsWith(join(dataDir, '/'))) return []
  const note = `The database lives in ${home}: PostgreSQL refuses to run as root, and the system user ${owner.name}, who stands in, cannot reach ${dataDir}.`
  return home.startsWith(join(tmpdir(), '/'))
    ? [note, 'That is a temporary folder, which the system may empty.']
    : [note]
}

/** A data folder that is itself temporary gets a temporary home, so that throw-away ones do not fill the disk. */
async function parentsOutside(dataDir: string): Promise<string[]> {
  const lasting = ['/var/lib', '/usr/local/var', '/var/tmp']
  const isTemporary = (await realpath(dataDir)).startsWith(join(await realpath(tmpdir()), '/'))
  return isTemporary ? [tmpdir(), ...lasting] : [...lasting, tmpdir()]
}

const openToOwner = (home: string, owner: SystemUser) => chmod(home, isAnother(owner) ? 0o755 : 0o700)

async function canLiveIn(home: string, owner: SystemUser): Promise<boolean> {
  const trial = join(home, 'trial')
  await mkdir(trial, { recursive: true })
  try {
    await giveTo(owner, trial)
    return await canUse(trial, owner)
  } catch (error) {
    if (codeOf(error) === 'EPERM') return false // some mounts know no owners
    throw error
  } finally {
    await rm(trial, { recursive: true })
  }
}

/** Makes a folder that is ours the owner's alone. */
export async function giveTo(owner: SystemUser, folder: string): Promise<void> {
  await chmod(folder, 0o700)
  if (isAnother(owner)) await chown(folder, owner.uid, owner.gid)
}

/** Whether that user can enter the folder and write there, tried as that user. */
export const canUse = (folder: string, owner: SystemUser): Promise<boolean> =>
  runAs(owner, '/bin/sh', ['-c', 'cd "$0" && : > .paperboy-trial && rm .paperboy-trial', folder]).then(
    () => true,
    () => false,
  )
