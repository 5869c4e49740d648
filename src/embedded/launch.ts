import { readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { clusterOf } from './cluster-home.ts'
import { choosePort, isFree } from './port.ts'
import { type Postmaster, pidIsAnothers, START_SECONDS, settledPostmaster } from './postmaster.ts'
import type { Programs } from './programs.ts'
import type { ServerRecord } from './record.ts'
import { absent, SetupError } from './setup-error.ts'
import { runAs } from './system-user.ts'

const TRIES = 3

/**
 * What every start sets; the rest is initdb's choice for this machine (128 MB of shared buffers and 100 connections
 * where the kernel allows it) and PostgreSQL's defaults, fsync among them.
 */
const settings = (port: number): string =>
  [
    `-p ${port}`,
    '-c listen_addresses=127.0.0.1',
    '-c unix_socket_directories=', // a socket's path may have 107 bytes, a data folder's more
    // Errors quote readers' addresses, and whoever ran the statement reports them; crashes and recoveries stay.
    '-c log_min_messages=log',
    '-c log_min_error_statement=panic',
    '-c log_checkpoints=off',
  ].join(' ')

/**
 * Starts the server of a completed cluster; nobody else may be starting or stopping it (postgres.lock). `pg_ctl` gives
 * it a session of its own, so that a Ctrl-C at the terminal does not reach it.
 *
 * @throws SetupError with the end of the server's log
 */
export async function launch({ home, owner, port }: ServerRecord, programs: Programs): Promise<Postmaster> {
  const cluster = clusterOf(home)
  if (await pidIsAnothers(home)) await rm(join(cluster, 'postmaster.pid'), { force: true })
  await rename(join(cluster, 'server.log'), join(cluster, 'server.log.1')).catch(absent) // two starts' logs bound its size
  let chosen = port
  for (let tries = 1; ; tries++) {
    chosen = await choosePort(chosen)
    // Relative paths, from the home: pg_ctl puts them into a shell's command line.
    const where = ['-D', 'cluster', '-l', 'cluster/server.log']
    const args = ['start', '-w', '-t', `${START_SECONDS}`, ...where, '-o', settings(chosen)]
    const failure = await runAs(owner, programs.pgCtl, args, home).catch((error: Error) => error)
    // Whatever pg_ctl says: a server may run that a Paperboy killed halfway had begun to start.
    const running = await settledPostmaster(home)
    if (running) return running
    if (tries < TRIES && !(await isFree(chosen))) continue // somebody took the port since we looked
    throw new SetupError(`PostgreSQL did not start in ${home}:\n${await lastWords(cluster, failure)}`)
  }
}

async function lastWords(cluster: string, failure: string | Error): Promise<string> {
  const log = (await readFile(join(cluster, 'server.log'), 'utf8').catch(absent))?.trim()
  if (log) return log.split('\n').slice(-8).join('\n')
  return failure instanceof Error ? failure.message : failure
}
