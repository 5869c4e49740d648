import { sql } from 'drizzle-orm'
import type { Db } from '../../runtime/db/database.ts'
import { query, text } from '../../runtime/db/query.ts'
import { readable } from '../readable.ts'

/** Reads papers' titles by their source ids, in plain text. Unknown papers are absent. */
export async function readTitles(db: Db, sourceIds: readonly string[]): Promise<Map<string, string>> {
  if (sourceIds.length === 0) return new Map()
  const rows = await query(db, {
    sourceId: text,
    title: text,
  })`SELECT source_id, title FROM papers WHERE source_id = ANY(${sql.param(sourceIds)}::text[])`
  return new Map(rows.map(({ sourceId, title }) => [sourceId, readable(title)]))
}
