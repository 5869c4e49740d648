import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { ensureCluster, flushCluster, type Progress, removeOwned } from './cluster.ts'
import { clusterOf, describeHome } from './cluster-home.ts'
import { openDataDir } from './data-dir.ts'
import { ensureDatabase } from './ensure-database.ts'
import { launch } from './launch.ts'
import { type Lock, tryLockExclusive, tryLockShared, waitForLock } from './lock.ts'
import { findPostmaster, type Postmaster, shutDown, waitForPostmaster } from './postmaster.ts'
import { preparePrograms } from './programs.ts'
import { openRecord, type ServerRecord, saveRecord } from './server-record.ts'
import { SetupError } from './setup-error.ts'

/** One process's use of a data folder's PostgreSQL server. */
export interface EmbeddedPostgres {
  /** postgres://paperboy:…@127.0.0.1:…/paperboy; the port may change at the next start */
  url: string
  /** false when the server already ran: started by another process, or left running by a killed one */
  startedHere: boolean
  /** sentences for the banner, for example that the database lives outside the data folder */
  notes: string[]
  /**
   * Ends this process's use. The last user stops the server, whichever process started it: a service may still use a server that
   * a command started. Close connections first. Safe to call more than once.
   */
  stop(): Promise<void>
  /** Deletes the database and its folder. For temporary data folders, after `stop`. */
  remove(): Promise<void>
}

/** A new database is flushed to disk this long after its start, when the first page has been shown. */
const FLUSH_AFTER_MS = 10_000

/** Long enough for another process's initdb, recovery or shutdown. */
const WAIT_SECONDS = 300

/**
 * Starts the PostgreSQL server of a data folder, or joins it if it runs. Processes that call this at the same time get the same
 * server. Each uses it until it calls `stop` or ends, even by a crash.
 *
 * @throws SetupError when this machine prevents it; the message says why and what to do
 */
export async function startEmbeddedPostgres({
  dataDir: folder,
  print = () => {},
  whileWaiting = () => {},
}: { dataDir: string } & Partial<Progress>): Promise<EmbeddedPostgres> {
  const dataDir = await openDataDir(folder)
  forgetOtherServers()
  using _ = await waitForLock(startLock(dataDir), WAIT_SECONDS)
  const record = await openRecord(dataDir)
  const use = registerUse(dataDir)
  try {
    const running = await waitForPostmaster(record.home)
    const server = running ?? (await start(dataDir, record, { print, whileWaiting }))
    const url = urlOf(record, server)
    await ensureDatabase(url)
    let stopped: Promise<void> | undefined
    const stop = () => {
      stopped ??= stopUsing(dataDir, record, use)
      return stopped
    }
    const remove = () => removeServer(dataDir, record)
    return { url, startedHere: !running, notes: describeHome(dataDir, record), stop, remove }
  } catch (error) {
    await endUse(dataDir, record, use).catch(() => {}) // report the first error
    throw error
  }
}

/** PGSSLMODE, PGOPTIONS and the like are about a server of the user. pg would apply them to ours, which has no TLS. */
function forgetOtherServers(): void {
  for (const name of Object.keys(process.env)) if (name.startsWith('PG')) delete process.env[name]
}

/** A process holds this lock while it starts or stops the server. */
const startLock = (dataDir: string): string => join(dataDir, 'postgres.lock')
/** Every user of the server shares this lock. The kernel counts them, and drops killed processes. */
const usersLock = (dataDir: string): string => join(dataDir, 'postgres.users.lock')

function registerUse(dataDir: string): Lock {
  const use = tryLockShared(usersLock(dataDir))
  // Only `stopUsing` and `remove` lock it exclusively, and only under the start lock, which we hold.
  if (!use) throw new SetupError(`Another program has locked ${usersLock(dataDir)}. Stop it, then try again.`)
  return use
}

async function start(dataDir: string, record: ServerRecord, progress: Progress): Promise<Postmaster> {
  const programs = await preparePrograms(record.home, record.owner)
  const isNew = await ensureCluster(record, programs, progress)
  if (!record.completed) await saveRecord(dataDir, { ...record, completed: true })
  const server = await launch(record, programs, progress)
  if (server.port !== record.port) await saveRecord(dataDir, { ...record, completed: true, port: server.port })
  // A temporary database ends before this. If the machine fails before, it loses a database that is seconds old.
  if (isNew) setTimeout(() => flushCluster(record, programs).catch(() => {}), FLUSH_AFTER_MS).unref()
  return server
}

async function stopUsing(dataDir: string, record: ServerRecord, use: Lock): Promise<void> {
  using _ = await waitForLock(startLock(dataDir), WAIT_SECONDS)
  await endUse(dataDir, record, use)
}

/** The caller holds the start lock, so that no process joins the server between the count and the stop. */
async function endUse(dataDir: string, { home }: ServerRecord, use: Lock): Promise<void> {
  use.release()
  using last = tryLockExclusive(usersLock(dataDir))
  if (last) await shutDown(home)
}

async function removeServer(dataDir: string, { home, owner }: ServerRecord): Promise<void> {
  using _ = await waitForLock(startLock(dataDir), WAIT_SECONDS)
  using exclusive = tryLockExclusive(usersLock(dataDir))
  if (!exclusive || (await findPostmaster(home))) throw new SetupError(`The database in ${home} is in use.`)
  await removeOwned(clusterOf(home), owner)
  await rm(home, { recursive: true, force: true })
  await rm(join(dataDir, 'postgres.json'), { force: true })
}

export const urlOf = ({ password }: ServerRecord, { port }: Postmaster): string =>
  `postgres://paperboy:${password}@127.0.0.1:${port}/paperboy`
