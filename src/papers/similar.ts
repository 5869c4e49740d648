import { sql } from 'drizzle-orm'
import type { Db } from '../db/database.ts'
import type { ListedRow } from './list-day.ts'
import { readListed } from './listed-rows.ts'

/** Papers like this one, the most alike first; none where nothing is alike. */
export async function similarPapers(
  { db, now }: { db: Db; now: () => Date },
  paperId: number,
  limit = 6,
): Promise<ListedRow[]> {
  const { rows } = await db.execute<{ id: string }>(sql`
    SELECT p.id FROM papers own JOIN papers p ON p.topics && own.topics AND p.id <> own.id AND p.sample = own.sample
    WHERE own.id = ${paperId}
    ORDER BY cardinality(ARRAY(SELECT unnest(p.topics) INTERSECT SELECT unnest(own.topics))) DESC, p.list_day DESC, p.id DESC
    LIMIT ${limit}`)
  return readListed(
    db,
    rows.map((row) => Number(row.id)),
    now(),
  )
}
