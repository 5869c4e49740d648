import { sql } from 'drizzle-orm'
import { LRUCache } from 'lru-cache'
import type { Db } from '../../runtime/db/database.ts'
import { ARCHIVE_NAMES, CATEGORY_NAMES, FIELDS } from './topic-names.ts'

/** What of a paper says which topics it is of. */
interface Described {
  title: string
  keywords: readonly string[]
  /** arXiv's, such as cs.CL */
  categories?: readonly string[] | null | undefined
}

export interface TopicCount {
  /** as it stands in links: "video-generation" */
  slug: string
  /** for people: "Video generation" */
  name: string
  papers: number
}

/** "3D and rendering" → "3d-and-rendering"; empty where nothing of the text can stand in a slug. */
export const slugOf = (text: string): string =>
  text
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')

/** Keywords that are a field's other name: a topic of their own would have the same papers, or fewer. */
const SAID_BY_FIELDS = new Set(
  `agent, benchmark, diffusion model, evaluation, fine tuning, game, hallucination, language model, large language model, large multimodal model,
  large vision language model, llm, lmm, lvlm, mllm, multilingual, multimodal large language model, multimodal model, reasoning, rl, transformer,
  vision language model, vlm, world model`
    .split(',')
    .map(slugOf),
)

const MOST_KEYWORDS = 10
const LONGEST_SLUG = 60

const fieldSlug = ({ name, slug }: (typeof FIELDS)[number]): string => slug ?? slugOf(name)

const NAMES = new Map([
  ...[...Object.values(CATEGORY_NAMES), ...Object.values(ARCHIVE_NAMES)].map((name) => [slugOf(name), name] as const),
  ...FIELDS.map((field) => [fieldSlug(field), field.name] as const),
])

/** Words of keywords that people write in capitals. */
const CAPITALS =
  /\b(ai|llms?|mllms?|vlms?|vla|gpt|gui|ui|rl|rlhf|rlvr|grpo|dpo|ppo|sft|rag|moe|ocr|tts|asr|cot|lora|kv|gpu|gpus|sql|api|[234]d|nlp|vqa|clip|fid|vae|gan|gans|mcts)\b/g

/** A topic's name for people, also of a slug that no list knows: "kv-cache" → "KV cache". */
export function topicName(slug: string): string {
  const known = NAMES.get(slug)
  if (known) return known
  const words = slug.replaceAll('-', ' ').replace(CAPITALS, (word) => word.toUpperCase().replace(/S$/, 's'))
  return words.charAt(0).toUpperCase() + words.slice(1)
}

/**
 * The topics a paper is of, as slugs without repetition: the fields that its title or keywords speak of, arXiv's categories by their
 * names, then its keywords themselves, plurals and bracketed abbreviations aside ("Large Language Models (LLMs)" → "large-language-model").
 */
export function topicsOf({ title, keywords, categories }: Described): string[] {
  const spoken = [title, ...keywords].map((text) => text.toLowerCase())
  const fields = FIELDS.filter(({ words }) => spoken.some((text) => words.test(text))).map(fieldSlug)
  const named = (categories ?? []).map((code) => CATEGORY_NAMES[code] ?? ARCHIVE_NAMES[code.split('.')[0]!])
  const slugs = [...fields, ...named.filter((name) => name !== undefined).map(slugOf)]
  const own = keywords.slice(0, MOST_KEYWORDS).map(keywordSlug)
  return [...new Set([...slugs, ...own.filter((slug) => !SAID_BY_FIELDS.has(slug))])].filter(
    (slug) => slug.length > 1 && slug.length <= LONGEST_SLUG,
  )
}

/** Bracketed abbreviations and a plural's s are left out; "bias", "physics", "basis", "series" are no plurals. */
const keywordSlug = (keyword: string): string =>
  slugOf(keyword.replace(/\([^)]*\)/g, ' ')).replace(/(?<!s|i|u|a|ic|serie)s$/, '')

/** Topics with fewer papers than this are of no use to follow. */
const FEWEST_PAPERS = 3

/** Counting the topics of 100,000 papers takes 0.2 s, so counts are kept for ten minutes or until a paper arrives. */
const KEPT = { max: 20, ttl: 10 * 60_000 }
const kept = new WeakMap<Db, LRUCache<string, TopicCount[]>>()

/**
 * Topics by how many papers they have, the most first, samples left out where there are real papers.
 * @param options.since counts papers of list days from this one on (YYYY-MM-DD) only
 */
export async function topicCounts(
  db: Db,
  { since, fewest = FEWEST_PAPERS, limit = 200 }: { since?: string | undefined; fewest?: number; limit?: number } = {},
): Promise<TopicCount[]> {
  const {
    rows: [last],
  } = await db.execute<{ id: string | null }>(sql`SELECT max(id) AS id FROM papers`)
  const key = JSON.stringify({ newest: last!.id, since, fewest, limit })
  const counted = kept.get(db) ?? new LRUCache(KEPT)
  kept.set(db, counted)
  const counts = counted.get(key) ?? (await countTopics(db, since ?? null, fewest, limit))
  if (!counted.has(key)) counted.set(key, counts)
  return counts
}

async function countTopics(db: Db, since: string | null, fewest: number, limit: number): Promise<TopicCount[]> {
  const { rows } = await db.execute<{ slug: string; papers: number }>(sql`
    SELECT slug, count(*)::int AS papers FROM papers, unnest(topics) AS slug
    WHERE list_day >= coalesce(${since}::date, '-infinity')
      AND NOT (sample AND EXISTS (SELECT FROM papers WHERE NOT sample))
    GROUP BY slug HAVING count(*) >= ${fewest}
    ORDER BY papers DESC, slug LIMIT ${limit}`)
  return rows.map(({ slug, papers }) => ({ slug, name: topicName(slug), papers }))
}

/** The slugs of all topics that can be followed: the named ones, and those of papers. */
export async function knownTopics(db: Db): Promise<Set<string>> {
  const { rows } = await db.execute<{ slug: string }>(sql`SELECT DISTINCT unnest(topics) AS slug FROM papers`)
  return new Set([...NAMES.keys(), ...rows.map(({ slug }) => slug)])
}
