import { existsSync, readFileSync } from 'node:fs'
import type { Db } from '../../../src/runtime/db/database.ts'
import { bigint, queryColumn, queryOne, text } from '../../../src/runtime/db/query.ts'

/**
 * Returns a clock of CPU milliseconds: of this process and of its database connections, which other programs do not lengthen. It is
 * about the time that a request takes on an idle machine. Without Linux's /proc, it counts only this process.
 */
export async function cpuClock(db: Db): Promise<() => number> {
  const backends = await queryColumn(db, bigint)`
    SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND backend_type = 'client backend'`
  const counted = existsSync('/proc/self/schedstat') ? backends : []
  return () => {
    const { user, system } = process.cpuUsage()
    return (user + system) / 1000 + counted.reduce((sum, pid) => sum + cpuOf(pid), 0)
  }
}

/** Nanoseconds on a CPU are the first number of schedstat. 0 for a connection that the pool has closed. */
function cpuOf(pid: number): number {
  try {
    return Number(readFileSync(`/proc/${pid}/schedstat`, 'utf8').split(' ')[0]) / 1e6
  } catch {
    return 0
  }
}

/** Returns a clock of the CPU seconds of a PostgreSQL server on this machine: of its running processes and of those that have ended. */
export async function databaseCpu(db: Db): Promise<() => number> {
  const { pid } = await queryOne(db, { pid: text })`SELECT split_part(pg_read_file('postmaster.pid'), E'\n', 1) AS pid`
  return () => {
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ')
    return ticksOf(Number(pid), 4) + children.reduce((sum, child) => sum + ticksOf(Number(child), 2), 0)
  }
}

/** Fields 14 to 17 of /proc/PID/stat: user and system time, then those of children that have ended. In seconds. */
function ticksOf(pid: number, fields: 2 | 4): number {
  try {
    const numbers = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /, '')
      .split(' ')
      .slice(11, 11 + fields)
    return numbers.reduce((sum, ticks) => sum + Number(ticks), 0) / 100
  } catch {
    return 0 // it has ended
  }
}
