import { sql } from 'drizzle-orm'
import { z } from 'zod'
import type { Messages } from '../../messages/en.ts'
import type { Db } from '../../runtime/db/database.ts'
import { query } from '../../runtime/db/query.ts'
import { FIELDS } from './fields.ts'
import { canonicalSlug, slugOf } from './keywords.ts'
import { COUNTED, type TopicCount } from './topic-counts.ts'
import { topicName } from './topic-name.ts'

/**
 * Finds topics whose name, spellings or slug contain the words, and the topic that they are another name of. Largest first.
 * It searches all topics, also those with one paper.
 */
export async function findTopics(db: Db, words: string, t: Messages): Promise<TopicCount[]> {
  const slug = slugOf(words)
  if (slug === '') return []
  const fields = FIELDS.filter(({ slug: own }) => t.fields[own].name.toLowerCase().includes(words.trim().toLowerCase()))
  const exact = [canonicalSlug(slug), ...fields.map((field) => field.slug)]
  const rows = await query(db, z.object({ slug: z.string(), papers: z.number(), spelling: z.string().nullable() }))`
    SELECT f.slug, c.papers, s.spelling
    FROM (
      SELECT slug FROM topic_spellings WHERE strpos(slug, ${slug}) > 0 OR strpos(lower(spelling), ${words.trim().toLowerCase()}) > 0
      UNION SELECT unnest(${sql.param(exact)}::text[])
    ) f
    CROSS JOIN LATERAL (SELECT count(*)::int AS papers FROM papers p WHERE p.topics @> ARRAY[f.slug] AND ${COUNTED}) c
    LEFT JOIN LATERAL (
      SELECT spelling FROM topic_spellings WHERE slug = f.slug ORDER BY papers DESC, spelling LIMIT 1
    ) s ON true
    WHERE c.papers > 0
    ORDER BY f.slug <> ${canonicalSlug(slug)}, c.papers DESC, f.slug`
  return rows.map(({ spelling, ...found }) => ({ ...found, name: topicName(found.slug, t, spelling ?? undefined) }))
}
