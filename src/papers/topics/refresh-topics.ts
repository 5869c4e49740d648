import { sql } from 'drizzle-orm'
import { z } from 'zod'
import type { Db } from '../../runtime/db/database.ts'
import { bigint, bool, query, queryOne } from '../../runtime/db/query.ts'
import { storeLock } from '../locks.ts'
import { countSpellings } from './count-spellings.ts'
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
 * Gives papers their topics again when they changed, or when the rules of this folder did, and counts how their keywords are spelled.
 * Newest papers come first. A stop loses one batch at most. New papers have their topics from ingest/store.ts.
 *
 * @returns the number of papers; 0 while a list is being stored
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
  // A file of several lists counts spellings once for each, and both would wait for each other's counts.
  const { ours } = await queryOne(tx, { ours: bool })`SELECT pg_try_advisory_xact_lock(${storeLock}) AS ours`
  if (!ours) return 0
  // SKIP LOCKED: a process may be indexing words of these papers.
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
