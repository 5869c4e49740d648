import { existsSync, readFileSync } from 'node:fs'
import type { Db } from '../../../src/runtime/db/database.ts'
import { bigint, queryColumn } from '../../../src/runtime/db/query.ts'

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
