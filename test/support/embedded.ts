import { resolve } from 'node:path'
import { urlOf } from '../../src/embedded/postgres.ts'
import { findPostmaster } from '../../src/embedded/postmaster.ts'
import { readRecord } from '../../src/embedded/server-record.ts'

/** Returns the URL of a data folder's PostgreSQL if it runs. */
export async function runningEmbeddedPostgres(dataDir: string): Promise<string | undefined> {
  const record = await readRecord(resolve(dataDir))
  if (!record) return undefined
  const server = await findPostmaster(record.home)
  return server?.ready ? urlOf(record, server) : undefined
}
