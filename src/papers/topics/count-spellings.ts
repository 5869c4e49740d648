import { sql } from 'drizzle-orm'
import type { Db } from '../../runtime/db/database.ts'
import { keywordTopic, unbracketed } from './keywords.ts'

/**
 * Adds to the counts. A paper whose keywords change is counted again: only the order of a topic's spellings matters.
 * Sorted, because two processes would deadlock on rows locked in different orders.
 */
export async function countSpellings(tx: Db, keywords: readonly string[]): Promise<void> {
  const spelled = keywords.flatMap((keyword) => {
    const slug = keywordTopic(keyword)
    return slug === undefined ? [] : [{ slug, spelling: unbracketed(keyword) }]
  })
  if (spelled.length === 0) return
  await tx.execute(sql`
    INSERT INTO topic_spellings AS t (slug, spelling, papers)
    SELECT slug, spelling, count(*) FROM jsonb_to_recordset(${JSON.stringify(spelled)}::jsonb) AS r(slug text, spelling text)
    GROUP BY slug, spelling ORDER BY slug, spelling
    ON CONFLICT (slug, spelling) DO UPDATE SET papers = t.papers + excluded.papers`)
}
