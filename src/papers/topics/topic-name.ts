import { sql } from 'drizzle-orm'
import { z } from 'zod'
import { capitalise } from '../../lib/capitalise.ts'
import { type Messages, messagesIn } from '../../messages/catalogue.ts'
import type { Db } from '../../runtime/db/database.ts'
import { prepared } from '../../runtime/db/prepared.ts'
import { query, queryColumn, text } from '../../runtime/db/query.ts'
import { SUBJECTS } from './categories.ts'
import type { FieldSlug } from './fields.ts'
import { canonicalSlug, slugOf, unbracketed } from './keywords.ts'
import { isField } from './topics.ts'

const SUBJECT_NAMES = new Map(SUBJECTS.map((name) => [canonicalSlug(slugOf(name)), name]))

/** Abbreviations that sources also write in lower case. */
const CAPITALS =
  /\b(ai|llms?|mllms?|vlms?|vla|gpt|gui|ui|rl|rlhf|rlvr|grpo|dpo|ppo|sft|rag|moe|ocr|tts|asr|kv|gpus?|sql|api|[234]d|nlp|vqa|vae|gans?|mcts|cot)\b/g

/**
 * Returns a topic's name for a page: a field's in the page's language, an arXiv subject's, else the keyword as sources spell it.
 * @param spelling from `topic_spellings`. Without it the name is made from the slug: "kv-cache" → "KV cache"
 */
export function topicName(slug: string, t: Messages = messagesIn('en'), spelling?: string): string {
  if (isField(slug)) return t.fields[slug as FieldSlug].name
  return SUBJECT_NAMES.get(slug) ?? capitalised(spelling ?? slug.replaceAll('-', ' '))
}

/** A spelling as a name: "world models (WMs)" → "World models". Words with capitals of their own stay: "iTransformer". */
function capitalised(spelling: string): string {
  const words = unbracketed(spelling).replace(CAPITALS, (word) => word.toUpperCase().replace(/S$/, 's'))
  return /^\p{Ll}+(?!\p{Lu})/u.test(words) && !/^\p{Ll}+\p{Lu}/u.test(words) ? capitalise(words) : words
}

const Spelled = z.object({ slug: z.string(), spelling: z.string() })

/** Returns a function that names these topics, each keyword by its most frequent spelling. */
export async function readTopicNames(
  db: Db,
  slugs: readonly string[],
  t: Messages = messagesIn('en'),
): Promise<(slug: string) => string> {
  const keywords = [...new Set(slugs)].filter((slug) => !isField(slug))
  if (keywords.length === 0) return (slug) => topicName(slug, t)
  const rows = await query(
    db,
    Spelled,
    prepared(sql`
      SELECT DISTINCT ON (slug) slug, spelling FROM topic_spellings
      WHERE slug = ANY(${sql.param(keywords)}::text[]) ORDER BY slug, papers DESC, spelling`),
  )
  const spellings = new Map(rows.map(({ slug, spelling }) => [slug, spelling]))
  return (slug) => topicName(slug, t, spellings.get(slug))
}

/** Returns how else sources write a keyword topic, without differences in capitals and hyphens only. */
export async function otherSpellings(db: Db, slug: string, name: string): Promise<string[]> {
  const spellings = await queryColumn(db, text)`
    SELECT spelling FROM topic_spellings WHERE slug = ${slug} ORDER BY papers DESC, spelling LIMIT 50`
  const distinct = new Map(spellings.map((each) => [slugOf(each), capitalised(each)] as const).toReversed())
  distinct.delete(slugOf(name))
  return [...distinct.values()].toReversed().slice(0, MOST_SPELLINGS)
}

const MOST_SPELLINGS = 5
