import { startEmbeddedPostgres } from '../../../src/embedded/postgres.ts'
import { openTemporaryDatabase } from '../../../src/embedded/temporary-database.ts'
import { type Db, databaseOn, migrate, openPool } from '../../../src/runtime/db/database.ts'

/**
 * Opens a migrated database for a library of papers.
 * @param folder keeps it for later runs; without it, the database is temporary
 */
export async function openLibrary(stack: AsyncDisposableStack, folder?: string): Promise<{ db: Db; url: string }> {
  const { url } = folder === undefined ? await openTemporaryDatabase(stack) : await openKept(stack, folder)
  await migrate(url)
  const pool = stack.adopt(
    openPool(url, () => {}, 4),
    (each) => each.end(),
  )
  return { db: databaseOn(pool), url }
}

async function openKept(stack: AsyncDisposableStack, dataDir: string) {
  const postgres = await startEmbeddedPostgres({ dataDir })
  stack.defer(() => postgres.stop())
  return postgres
}
