import { rm } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { ensureCluster, removeOwned } from './cluster.ts'
import { clusterOf, homeNotes } from './cluster-home.ts'
import { openDataDir } from './data-dir.ts'
import { ensureDatabase } from './ensure-database.ts'
import { launch } from './launch.ts'
import { type Lock, tryLockAlone, tryLockShared, waitForLock } from './lock.ts'
import { findPostmaster, type Postmaster, settledPostmaster, shutDown } from './postmaster.ts'
import { preparePrograms } from './programs.ts'
import { openRecord, readRecord, type ServerRecord, saveRecord } from './record.ts'
import { SetupError } from './setup-error.ts'

/** One process's share in a data folder's PostgreSQL server. */
export interface EmbeddedPostgres {
  /** postgres://paperboy:…@127.0.0.1:…/paperboy; the port may be another after the next start */
  url: string
  /** false when the server already ran: another process's, or left by one that was killed */
  startedHere: boolean
  /** sentences for the banner, such as where the database lives when that is not in the data folder */
  notes: string[]
  /**
   * Gives the share back. The last one out stops the server, whoever started it: a command may have started it and a
   * service begun to use it meanwhile, or the other way round. Close connections first. Repeating it is harmless.
   */
  stop(): Promise<void>
  /** Deletes the database and its folder, wherever that is; for throw-away data folders, after `stop`. */
  remove(): Promise<void>
}

/** A start waits for another's initdb, recovery or shutdown. */
const WAIT_SECONDS = 300

/**
 * The PostgreSQL server of a data folder: started, or used if it runs. Processes that call this at the same time get
 * the same server; each holds a share in it until its `stop` or its own end, however that comes.
 *
 * @param say told what takes longer than a moment
 * @throws SetupError when something on this machine stands in the way: it says what, and what to do
 */
export async function startEmbeddedPostgres(opts: {
  dataDir: string
  say?: (line: string) => void
}): Promise<EmbeddedPostgres> {
  const dataDir = await openDataDir(opts.dataDir)
  using _ = await waitForLock(startLock(dataDir), WAIT_SECONDS)
  const record = await openRecord(dataDir)
  const share = takeShare(dataDir)
  try {
    const running = await settledPostmaster(record.home)
    const server = running ?? (await start(dataDir, record, opts.say ?? (() => {})))
    const url = urlOf(record, server)
    await ensureDatabase(url)
    let stopped: Promise<void> | undefined
    const stop = () => {
      stopped ??= leave(dataDir, record, share)
      return stopped
    }
    const remove = () => removeServer(dataDir, record)
    return { url, startedHere: !running, notes: homeNotes(dataDir, record), stop, remove }
  } catch (error) {
    await giveBack(dataDir, record, share).catch(() => {}) // the first error is the one to tell
    throw error
  }
}

/**
 * The URL of a data folder's server if it runs, for a look at it (`status`). It takes no share, so the server may stop at any
 * moment: a command that works with the database calls `startEmbeddedPostgres`, which uses a running server as well.
 */
export async function runningEmbeddedPostgres(dataDir: string): Promise<string | undefined> {
  const record = await readRecord(resolve(dataDir))
  if (!record) return undefined
  const server = await findPostmaster(record.home)
  return server?.ready ? urlOf(record, server) : undefined
}

/** Held by whoever is just starting or stopping the server. */
const startLock = (dataDir: string): string => join(dataDir, 'postgres.lock')
/** Shared by everyone who uses the server: the kernel counts them, and a killed one is no longer counted. */
const usersLock = (dataDir: string): string => join(dataDir, 'postgres.users.lock')

function takeShare(dataDir: string): Lock {
  const share = tryLockShared(usersLock(dataDir))
  // Only `leave` and `remove` have it alone, under the start lock that we hold.
  if (!share) throw new SetupError(`Another program has locked ${usersLock(dataDir)}. Stop it, then try again.`)
  return share
}

async function start(dataDir: string, record: ServerRecord, say: (line: string) => void): Promise<Postmaster> {
  const programs = await preparePrograms(record.home, record.owner)
  await ensureCluster(record, programs, say)
  if (!record.completed) await saveRecord(dataDir, { ...record, completed: true })
  const server = await launch(record, programs)
  if (server.port !== record.port) await saveRecord(dataDir, { ...record, completed: true, port: server.port })
  return server
}

async function leave(dataDir: string, record: ServerRecord, share: Lock): Promise<void> {
  using _ = await waitForLock(startLock(dataDir), WAIT_SECONDS)
  await giveBack(dataDir, record, share)
}

/** Under the start lock, so that nobody begins to use the server between the count and the stop. */
async function giveBack(dataDir: string, { home }: ServerRecord, share: Lock): Promise<void> {
  share.release()
  using last = tryLockAlone(usersLock(dataDir))
  if (last) await shutDown(home)
}

async function removeServer(dataDir: string, { home, owner }: ServerRecord): Promise<void> {
  using _ = await waitForLock(startLock(dataDir), WAIT_SECONDS)
  using alone = tryLockAlone(usersLock(dataDir))
  if (!alone || (await findPostmaster(home))) throw new SetupError(`The database in ${home} is in use.`)
  await removeOwned(clusterOf(home), owner)
  await rm(home, { recursive: true, force: true })
  await rm(join(dataDir, 'postgres.json'), { force: true })
}

const urlOf = ({ password }: ServerRecord, { port }: Postmaster): string =>
  `postgres://paperboy:${password}@127.0.0.1:${port}/paperboy`
