import { sql } from 'drizzle-orm'
import type { Db } from '../../runtime/db/database.ts'

/**
 * A weekly edition still needs the reads around the close of a list two weeks before its own Monday. Afterwards a paper's votes at each
 * change are enough.
 */
const POLL_DAYS = 22

/** Deletes the times of reads that are older than three weeks. @returns their number */
export async function deleteOldPolls({ db, now }: { db: Db; now: () => Date }): Promise<number> {
  const { rowCount } = await db.execute(
    sql`DELETE FROM polls WHERE read_at < ${now()}::timestamptz - make_interval(days => ${POLL_DAYS})`,
  )
  return rowCount ?? 0
}
