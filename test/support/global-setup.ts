import { join } from 'node:path'
import pg from 'pg'
import type { TestProject } from 'vitest/node'
import { startEmbeddedPostgres } from '../../src/embedded/postgres.ts'
import { migrate } from '../../src/runtime/db/database.ts'
import { openRunFolder } from './run-folder.ts'

declare module 'vitest' {
  interface ProvidedContext {
    serverUrl: string
  }
}

/** Every test's database is a clone of this one. */
export const TEMPLATE = 'paperboy_template'

/** Starts one real PostgreSQL for the whole run, with a migrated template database. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const { folder, remove } = openRunFolder()
  const postgres = await startEmbeddedPostgres({ dataDir: join(folder, 'database') })
  // No data outlives the run, so PostgreSQL need not flush to disk: a clone takes a third of the time. A crash of a process has the
  // same effects without flushing, and no test cuts the machine's power.
  for (const setting of ['fsync', 'full_page_writes']) await runSql(postgres.url, `ALTER SYSTEM SET ${setting} = off`)
  await runSql(postgres.url, 'SELECT pg_reload_conf()')
  await runSql(postgres.url, `CREATE DATABASE ${TEMPLATE}`)
  await migrate(onDatabase(postgres.url, TEMPLATE))
  project.provide('serverUrl', postgres.url)
  return async () => {
    await postgres.stop()
    remove()
  }
}

export function onDatabase(serverUrl: string, name: string): string {
  const url = new URL(serverUrl)
  url.pathname = `/${name}`
  return url.href
}

export async function runSql(url: string, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  await client.query(sql).finally(() => client.end())
}
