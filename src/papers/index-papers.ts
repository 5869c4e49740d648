import { inArray, sql } from 'drizzle-orm'
import type { Db } from '../db/database.ts'
import { papers } from '../db/schema.ts'
import { topicsOf } from './topics.ts'

/** Works out anew what of these papers is found by: their topics. */
export async function indexPapers(db: Db, ids: readonly number[]): Promise<void> {
  if (ids.length === 0) return
  const rows = await db
    .select({ id: papers.id, title: papers.title, keywords: papers.keywords, categories: papers.categories })
    .from(papers)
    .where(inArray(papers.id, [...ids]))
  const found = rows.map((row) => ({ id: row.id, topics: topicsOf(row) }))
  await db.execute(sql`
    UPDATE papers p SET topics = r.topics
    FROM jsonb_to_recordset(${JSON.stringify(found)}::jsonb) AS r(id bigint, topics text[]) WHERE p.id = r.id AND p.topics <> r.topics`)
}
