import { sql } from 'drizzle-orm'
import { dayOf } from '../../calendar/days.ts'
import type { Db } from '../../runtime/db/database.ts'
import { query, text } from '../../runtime/db/query.ts'
import { isPublic } from '../public-papers.ts'
import { readable } from '../readable.ts'

/** Reads papers' titles by their source ids, in plain text. Papers that are unknown, or not public yet, are absent. */
export async function readTitles(
  { db, now }: { db: Db; now: () => Date },
  sourceIds: readonly string[],
): Promise<Map<string, string>> {
  if (sourceIds.length === 0) return new Map()
  const rows = await query(db, {
    sourceId: text,
    title: text,
  })`
    SELECT source_id, title FROM papers p
    WHERE source_id = ANY(${sql.param(sourceIds)}::text[]) AND ${isPublic(dayOf(now()))}`
  return new Map(rows.map(({ sourceId, title }) => [sourceId, readable(title)]))
}
