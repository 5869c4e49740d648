import { type SQL, sql } from 'drizzle-orm'
import { LRUCache } from 'lru-cache'
import { z } from 'zod'
import type { Db } from '../../runtime/db/database.ts'
import { bigint, query, queryOne } from '../../runtime/db/query.ts'
import { topicName } from './topic-name.ts'
import { NAMED_TOPICS } from './topics.ts'

export interface TopicCount {
  /** for links: "video-generation" */
  slug: string
  /** in English, keywords as sources spell them. `topicName` gives a field's name in another language */
  name: string
  papers: number
}

/** Topics with fewer papers are not offered. */
const FEWEST_PAPERS = 3

/** Counting the topics of 100,000 papers takes 0.2 s, so counts are cached for ten minutes or until a paper arrives. */
const CACHE = { max: 20, ttl: 10 * 60_000 }
const cache = new WeakMap<Db, LRUCache<string, TopicCount[]>>()

/**
 * Counts the papers of each topic, largest topics first. Samples count only when there are no real papers.
 * @param options.since counts only papers of list days from this day on (YYYY-MM-DD)
 */
export async function topicCounts(
  db: Db,
  { since, fewest = FEWEST_PAPERS, limit = 200 }: { since?: string | undefined; fewest?: number; limit?: number } = {},
): Promise<TopicCount[]> {
  const { newest } = await queryOne(db, z.object({ newest: bigint.nullable() }))`SELECT max(id) AS newest FROM papers`
  const key = JSON.stringify({ newest, since, fewest, limit })
  const counted = cache.get(db) ?? new LRUCache(CACHE)
  cache.set(db, counted)
  const counts = counted.get(key) ?? (await countTopics(db, since ?? null, fewest, limit))
  if (!counted.has(key)) counted.set(key, counts)
  return counts
}

/** Papers that count: real ones, or samples when there are no others. */
export const COUNTED: SQL = sql`NOT (p.sample AND EXISTS (SELECT FROM papers real WHERE NOT real.sample))`

async function countTopics(db: Db, since: string | null, fewest: number, limit: number): Promise<TopicCount[]> {
  const rows = await query(db, z.object({ slug: z.string(), papers: z.number(), spelling: z.string().nullable() }))`
    SELECT c.slug, c.papers, s.spelling
    FROM (
      SELECT slug, count(*)::int AS papers FROM papers p, unnest(p.topics) AS slug
      WHERE p.list_day >= coalesce(${since}::date, '-infinity') AND ${COUNTED}
      GROUP BY slug HAVING count(*) >= ${fewest}
      ORDER BY papers DESC, slug LIMIT ${limit}
    ) c
    LEFT JOIN LATERAL (
      SELECT spelling FROM topic_spellings WHERE slug = c.slug ORDER BY papers DESC, spelling LIMIT 1
    ) s ON true
    ORDER BY c.papers DESC, c.slug`
  return rows.map(({ slug, papers, spelling }) => ({
    slug,
    name: topicName(slug, undefined, spelling ?? undefined),
    papers,
  }))
}

/** Returns the slugs of all topics that readers can follow: the named ones and those of papers. */
export async function knownTopics(db: Db): Promise<Set<string>> {
  const rows = await query(db, z.object({ slug: z.string() }))`SELECT DISTINCT unnest(topics) AS slug FROM papers`
  return new Set([...NAMED_TOPICS, ...rows.map(({ slug }) => slug)])
}
