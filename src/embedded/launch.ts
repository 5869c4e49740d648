import { readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Progress } from './cluster.ts'
import { clusterOf } from './cluster-home.ts'
import { choosePort, isFree } from './port.ts'
import { isPidReused, type Postmaster, START_SECONDS, waitForPostmaster } from './postmaster.ts'
import type { Programs } from './programs.ts'
import type { ServerRecord } from './server-record.ts'
import { ignoreMissing, SetupError } from './setup-error.ts'
import { runAs } from './system-user.ts'

const TRIES = 3

/**
 * Settings of every start. For the rest, initdb chooses by machine (128 MB of shared buffers and 100 connections if the kernel
 * allows it), and PostgreSQL's defaults apply, including fsync.
 */
const settings = (port: number): string =>
  [
    `-p ${port}`,
    '-c listen_addresses=127.0.0.1',
    '-c unix_socket_directories=', // a socket's path is limited to 107 bytes; a data folder's may be longer
    // Errors quote readers' addresses, and the process that ran the statement reports them. Crashes and recoveries are still logged.
    '-c log_min_messages=log',
    '-c log_min_error_statement=panic',
    '-c log_checkpoints=off',
  ].join(' ')

/**
 * Starts the server of a completed cluster. The caller holds postgres.lock, so no other process starts or stops it. `pg_ctl` gives
 * the server its own session, so that Ctrl-C at the terminal does not reach it.
 *
 * @throws SetupError with the last lines of the server's log
 */
export async function launch(
  { home, owner, port }: ServerRecord,
  programs: Programs,
  { whileWaiting }: Pick<Progress, 'whileWaiting'>,
): Promise<Postmaster> {
  const cluster = clusterOf(home)
  if (await isPidReused(home)) await rm(join(cluster, 'postmaster.pid'), { force: true })
  await rename(join(cluster, 'server.log'), join(cluster, 'server.log.1')).catch(ignoreMissing) // keep the logs of two starts only
  let chosen = port
  for (let tries = 1; ; tries++) {
    chosen = await choosePort(chosen)
    // Paths relative to the home: pg_ctl pastes them into a shell command.
    const where = ['-D', 'cluster', '-l', 'cluster/server.log']
    const args = ['start', '-w', '-t', `${START_SECONDS}`, ...where, '-o', settings(chosen)]
    const started = runAs(owner, programs.pgCtl, args, home).catch((error: Error) => error)
    whileWaiting()
    const failure = await started
    // Check even if pg_ctl failed: a Paperboy that was killed may have started the server just before.
    const running = await waitForPostmaster(home)
    if (running) return running
    if (tries < TRIES && !(await isFree(chosen))) continue // another program took the port after our check
    throw new SetupError(`PostgreSQL did not start in ${home}:\n${await readLogTail(cluster, failure)}`)
  }
}

async function readLogTail(cluster: string, failure: string | Error): Promise<string> {
  const log = (await readFile(join(cluster, 'server.log'), 'utf8').catch(ignoreMissing))?.trim()
  if (log) return log.split('\n').slice(-8).join('\n')
  return failure instanceof Error ? failure.message : failure
}
