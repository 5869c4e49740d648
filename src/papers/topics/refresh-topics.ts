import { sql } from 'drizzle-orm'
import { z } from 'zod'
import type { Db } from '../../runtime/db/database.ts'
import { bigint, query } from '../../runtime/db/query.ts'
import { keywordTopic, unbracketed } from './keywords.ts'
import { TOPIC_RULES, topicsOf } from './topics.ts'

/** Papers per transaction. Their topics take half a second. */
const BATCH = 500

const Stale = z.object({
  id: bigint,
  title: z.string(),
  abstract: z.string(),
  keywords: z.array(z.string()),
  categories: z.array(z.string()),
  topicRules: z.number(),
})

/**
 * Gives papers their topics again when they are new or changed, or when the rules of this folder changed, and counts how their
 * keywords are spelled. Newest papers come first. A stop loses one batch at most.
 *
 * @returns the number of papers
 */
export async function refreshTopics({ db }: { db: Db }, signal?: AbortSignal): Promise<number> {
  let refreshed = 0
  while (!signal?.aborted) {
    const size = await db.transaction(refreshBatch)
    refreshed += size
    if (size < BATCH) break
  }
  return refreshed
}

async function refreshBatch(tx: Db): Promise<number> {
  // SKIP LOCKED: two processes share the work.
  const papers = await query(tx, Stale)`SELECT id, title, abstract, keywords, categories, topic_rules FROM papers
      WHERE topic_rules < ${TOPIC_RULES} ORDER BY id DESC LIMIT ${BATCH} FOR UPDATE SKIP LOCKED`
  if (papers.length === 0) return 0
  const rows = papers.map((paper) => ({ id: paper.id, topics: topicsOf(paper) }))
  await tx.execute(sql`
    UPDATE papers p SET topics = r.topics, topic_rules = ${TOPIC_RULES}
    FROM jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) AS r(id bigint, topics text[]) WHERE p.id = r.id`)
  await countSpellings(
    tx,
    papers.flatMap(({ keywords }) => keywords),
  )
  return papers.length
}

/**
 * Adds to the counts. A paper whose keywords change is counted again: only the order of a topic's spellings matters.
 * Sorted, because two processes would deadlock on rows locked in different orders.
 */
async function countSpellings(tx: Db, keywords: readonly string[]): Promise<void> {
  const spelled = keywords.flatMap((keyword) => {
    const slug = keywordTopic(keyword)
    return slug === undefined ? [] : [{ slug, spelling: unbracketed(keyword) }]
  })
  await tx.execute(sql`
    INSERT INTO topic_spellings AS t (slug, spelling, papers)
    SELECT slug, spelling, count(*) FROM jsonb_to_recordset(${JSON.stringify(spelled)}::jsonb) AS r(slug text, spelling text)
    GROUP BY slug, spelling ORDER BY slug, spelling
    ON CONFLICT (slug, spelling) DO UPDATE SET papers = t.papers + excluded.papers`)
}
