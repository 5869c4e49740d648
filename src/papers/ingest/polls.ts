import { sql } from 'drizzle-orm'
import type { Db } from '../../runtime/db/database.ts'

/** A list is followed for so long. Afterwards its votes at each change are enough. */
const POLL_DAYS = 14

/** Deletes the times of reads that are older than 14 days. @returns their number */
export async function deleteOldPolls({ db, now }: { db: Db; now: () => Date }): Promise<number> {
  const { rowCount } = await db.execute(
    sql`DELETE FROM polls WHERE read_at < ${now()}::timestamptz - make_interval(days => ${POLL_DAYS})`,
  )
  return rowCount ?? 0
}
