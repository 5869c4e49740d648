import { sql } from 'drizzle-orm'
import type { Span } from '../../calendar/spans.ts'
import type { Db } from '../../runtime/db/database.ts'
import type { PaperKey } from '../paper-path.ts'

/** Reads the months with papers, newest first, and when a paper of each last changed. */
export async function readMonths(db: Db): Promise<{ month: string; changedAt: Date }[]> {
  const { rows } = await db.execute<{ month: string; changed_at: string }>(sql`
    SELECT to_char(list_day, 'YYYY-MM') AS month, max(updated_at) AS changed_at
    FROM papers WHERE NOT sample GROUP BY 1 ORDER BY 1 DESC`)
  return rows.map((row) => ({ month: row.month, changedAt: new Date(row.changed_at) }))
}

/** Reads the papers of a month, and when each last changed. */
export async function readMonthPapers(db: Db, { from, to }: Span): Promise<(PaperKey & { changedAt: Date })[]> {
  const { rows } = await db.execute<{ id: string; source: string; source_id: string; updated_at: string }>(sql`
    SELECT id, source, source_id, updated_at FROM papers WHERE list_day BETWEEN ${from}::date AND ${to}::date AND NOT sample ORDER BY id`)
  return rows.map(({ id, source, source_id, updated_at }) => ({
    id: Number(id),
    source,
    sourceId: source_id,
    changedAt: new Date(updated_at),
  }))
}
