import type { Messages } from '../../messages/en.ts'
import type { Db } from '../../runtime/db/database.ts'
import { queryColumn, text } from '../../runtime/db/query.ts'
import { FIELDS } from './fields.ts'
import { canonicalSlug, slugOf } from './keywords.ts'
import { countAllTopics, type TopicCount } from './topic-counts.ts'
import { readTopicNames } from './topic-name.ts'

interface Deps {
  db: Db
  now: () => Date
}

/**
 * Finds topics whose name, spellings or slug contain the words, and the topic that they are another name of. Largest first.
 * It searches all topics, also those with one paper.
 */
export async function findTopics({ db, now }: Deps, words: string, t: Messages): Promise<TopicCount[]> {
  const slug = slugOf(words)
  if (slug === '') return []
  const fields = FIELDS.filter(({ slug: own }) => t.fields[own].name.toLowerCase().includes(words.trim().toLowerCase()))
  const exact = [canonicalSlug(slug), ...fields.map((field) => field.slug)]
  const [counts, found] = await Promise.all([
    countAllTopics({ db, now }),
    findSlugs(db, slug, words.trim().toLowerCase()),
  ])
  const sizeOf = (each: string) => counts.get(each)?.papers ?? 0
  const slugs = [...new Set([...exact, ...found])].filter((each) => sizeOf(each) > 0)
  const nameOf = await readTopicNames(db, slugs, t)
  const isExact = (each: string) => Number(each === exact[0])
  return slugs
    .sort((a, b) => isExact(b) - isExact(a) || sizeOf(b) - sizeOf(a) || (a < b ? -1 : 1))
    .map((each) => ({ slug: each, name: nameOf(each), papers: sizeOf(each) }))
}

const findSlugs = (db: Db, slug: string, words: string): Promise<string[]> =>
  queryColumn(db, text)`
    SELECT DISTINCT slug FROM topic_spellings WHERE strpos(slug, ${slug}) > 0 OR strpos(lower(spelling), ${words}) > 0`
