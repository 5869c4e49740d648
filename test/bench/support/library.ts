import { openTemporaryDatabase } from '../../../src/embedded/temporary-database.ts'
import { type Db, databaseOn, migrate, openPool } from '../../../src/runtime/db/database.ts'

/** Opens a migrated temporary database for a library of papers. */
export async function openLibrary(stack: AsyncDisposableStack): Promise<{ db: Db; url: string }> {
  const { url } = await openTemporaryDatabase(stack)
  await migrate(url)
  const pool = stack.adopt(
    openPool(url, () => {}, 4),
    (each) => each.end(),
  )
  return { db: databaseOn(pool), url }
}
