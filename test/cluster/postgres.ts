import { randomBytes } from 'node:crypto'
import { chown, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import pg from 'pg'
import { preparePrograms } from '../../src/embedded/programs.ts'
import { runAs, serverUser } from '../../src/embedded/system-user.ts'
import type { Machine, Network } from './network.ts'

/** asynchronous: a commit waits for the primary's disk. synchronous: for the replica's as well. */
export type Replication = 'asynchronous' | 'synchronous'

export interface PostgresPair {
  /** with both servers' files */
  folder: string
  primary: Machine
  replica: Machine
  user: string
  password: string
  database: string
  /** Makes the replica the primary, and waits until it accepts writes. Fence the old one before. */
  promote(): Promise<void>
  /** Starts the primary's server again if it has ended, as a process manager does. */
  revivePrimary(): Promise<void>
}

const USER = 'paperboy'
const DATABASE = 'paperboy'
/** Every test may use these machines' whole block of addresses (network.ts). */
const LOGINS = 'host all,replication all 198.18.0.0/15 scram-sha-256\n'
const SETTINGS = [
  'listen_addresses=*',
  'unix_socket_directories=',
  'max_connections=200',
  'wal_keep_size=1GB',
  'dynamic_shared_memory_type=mmap',
  'log_min_messages=log',
  'log_checkpoints=off',
].flatMap((setting) => ['-c', setting])

/**
 * Starts a primary, and a replica that streams from it, with the programs that the product embeds.
 * @param options.primaryFolder of the primary's data, for a disk of its own
 */
export async function startPostgresPair(
  network: Network,
  { replication, primaryFolder }: { replication: Replication; primaryFolder?: string },
): Promise<PostgresPair> {
  const [primary, replica] = [network.machine('pg1'), network.machine('pg2')]
  const password = randomBytes(12).toString('hex')
  const { folder, owner, postgres, data } = await initialise(network, primary, password, primaryFolder)
  const startOn = (machine: Machine, place: string, ...more: string[]) =>
    machine.start(postgres, ['-D', place, ...SETTINGS, ...more], { user: owner })
  const waitsFor = replication === 'synchronous' ? ['-c', 'synchronous_standby_names=replica'] : []
  const ask = (machine: Machine, statement: string) =>
    askOnce(`postgres://${USER}:${password}@${machine.address}:5432/postgres`, statement)
  let server = startOn(primary, data.primary, ...waitsFor)
  await eventually(() => ask(primary, 'SELECT 1'))
  startOn(replica, data.replica)
  await eventually(() => ask(primary, `SELECT 1 / count(*) FROM pg_stat_replication WHERE state = 'streaming'`))
  await ask(primary, `CREATE DATABASE ${DATABASE}`)
  return {
    folder,
    primary,
    replica,
    user: USER,
    password,
    database: DATABASE,
    promote: () => ask(replica, 'SELECT pg_promote()'),
    async revivePrimary() {
      if (server.child.exitCode !== null) server = startOn(primary, data.primary, ...waitsFor)
      await eventually(() => ask(primary, 'SELECT 1'))
    },
  }
}

/** Returns the folder with both servers' files. */
export const postgresFolder = (network: Network): string => join(network.folder, 'postgres')

/** Makes a cluster, and copies it for the replica: both then have the same past, and the replica can follow. */
async function initialise(network: Network, primary: Machine, password: string, primaryFolder?: string) {
  const owner = await serverUser()
  const home = postgresFolder(network)
  const folders = { primary: primaryFolder ?? join(home, 'primary'), replica: join(home, 'replica') }
  for (const folder of [home, ...Object.values(folders)]) {
    await mkdir(folder, { recursive: true })
    await chown(folder, owner.uid, owner.gid)
  }
  const programs = await preparePrograms(home, owner)
  const data = { primary: join(folders.primary, 'data'), replica: join(folders.replica, 'data') }
  const passwordFile = join(home, 'password')
  await writeFile(passwordFile, password)
  const settings = [
    '--encoding=UTF8',
    '--locale-provider=builtin',
    '--builtin-locale=C.UTF-8',
    '--locale=C',
    '--no-sync',
  ]
  await runAs(owner, programs.initdb, ['-D', data.primary, `-U${USER}`, `--pwfile=${passwordFile}`, ...settings])
  await writeFile(join(data.primary, 'pg_hba.conf'), LOGINS)
  await runAs(owner, '/bin/cp', ['-a', data.primary, data.replica])
  const login = `host=${primary.address} user=${USER} password=${password} application_name=replica connect_timeout=2`
  await writeFile(join(data.replica, 'postgresql.auto.conf'), `primary_conninfo = '${login}'\n`)
  await writeFile(join(data.replica, 'standby.signal'), '')
  return { folder: home, owner, data, postgres: programs.pgCtl.replace(/pg_ctl$/, 'postgres') }
}

/** Runs one statement on a connection of its own. */
export async function askOnce(connectionString: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString, connectionTimeoutMillis: 2_000 })
  client.on('error', () => {})
  await client.connect()
  await client.query(statement).finally(() => client.end().catch(() => {}))
}

/** Repeats until it succeeds. @throws the last error after a minute */
export async function eventually(attempt: () => Promise<unknown>): Promise<void> {
  for (const end = Date.now() + 60_000; ; await delay(100)) {
    try {
      return void (await attempt())
    } catch (error) {
      if (Date.now() > end) throw error
    }
  }
}
