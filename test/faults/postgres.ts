import { readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import pg from 'pg'
import { startEmbeddedPostgres } from '../../src/embedded/postgres.ts'
import { migrate } from '../../src/runtime/db/database.ts'

/** A separate PostgreSQL that can be stopped like a crash. */
export async function openPostgres(stack: AsyncDisposableStack) {
  const folder = await mkdtemp(join(tmpdir(), 'paperboy-faults-pg-'))
  stack.defer(() => rm(folder, { recursive: true, force: true }))
  let server = await startEmbeddedPostgres({ dataDir: folder })
  stack.defer(async () => {
    await server.stop()
    await server.remove()
  })
  const run = async (url: string, statement: string) => {
    const client = new pg.Client({ connectionString: url })
    client.on('error', () => {})
    await client.connect()
    return client.query(statement).finally(() => client.end().catch(() => {}))
  }
  let databases = 0
  return {
    /** a migrated database, empty */
    async database(): Promise<string> {
      const url = new URL(server.url)
      url.pathname = `/faults_${++databases}`
      await run(server.url, `CREATE DATABASE ${url.pathname.slice(1)}`)
      await migrate(url.href)
      return url.href
    },
    /** Kills it (SIGQUIT) and starts it again: it recovers from its log. */
    async restart(): Promise<void> {
      const { rows } = await run(server.url, `SELECT pid FROM pg_stat_activity WHERE backend_type = 'checkpointer'`)
      const postmaster = Number(/PPid:\s+(\d+)/.exec(readFileSync(`/proc/${rows[0].pid}/status`, 'utf8'))![1])
      process.kill(postmaster, 'SIGQUIT')
      while (runs(postmaster)) await delay(25)
      await server.stop() // gives our share in the dead one back
      server = await startEmbeddedPostgres({ dataDir: folder })
    },
  }
}

const runs = (pid: number): boolean => {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}
