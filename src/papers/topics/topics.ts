import { sql } from 'drizzle-orm'
import { LRUCache } from 'lru-cache'
import type { Db } from '../../runtime/db/database.ts'
import { ARCHIVE_NAMES, CATEGORY_NAMES, FIELDS } from './topic-names.ts'

/** The parts of a paper that decide its topics. */
interface Described {
  title: string
  keywords: readonly string[]
  /** arXiv categories such as cs.CL */
  categories?: readonly string[] | null | undefined
}

export interface TopicCount {
  /** for links: "video-generation" */
  slug: string
  /** for display: "Video generation" */
  name: string
  papers: number
}

/** Returns a text's slug: "3D and rendering" → "3d-and-rendering". Empty for a text without Latin letters and digits. */
export const slugOf = (text: string): string =>
  text
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')

/** Keywords that are another name of a field. Their own topics would have the same papers or fewer. */
const FIELD_SYNONYMS = new Set(
  `agent, benchmark, diffusion model, evaluation, fine tuning, game, hallucination, language model, large language model, large multimodal model,
  large vision language model, llm, lmm, lvlm, mllm, multilingual, multimodal large language model, multimodal model, reasoning, rl, transformer,
  vision language model, vlm, world model`
    .split(',')
    .map(slugOf),
)

const MOST_KEYWORDS = 10
const LONGEST_SLUG = 60

const fieldSlug = ({ name, slug }: (typeof FIELDS)[number]): string => slug ?? slugOf(name)

const BROAD = new Set(FIELDS.map(fieldSlug))

/** Whether a topic is one of the named fields, and not a keyword. */
export const isBroad = (slug: string): boolean => BROAD.has(slug)

const NAMES = new Map([
  ...[...Object.values(CATEGORY_NAMES), ...Object.values(ARCHIVE_NAMES)].map((name) => [slugOf(name), name] as const),
  ...FIELDS.map((field) => [fieldSlug(field), field.name] as const),
])

/** Whether a topic is one of the broad fields. */
export const isField = (slug: string): boolean => FIELD_SLUGS.has(slug)
const FIELD_SLUGS = new Set(FIELDS.map(fieldSlug))

/** Abbreviations in keywords, written in capitals. */
const CAPITALS =
  /\b(ai|llms?|mllms?|vlms?|vla|gpt|gui|ui|rl|rlhf|rlvr|grpo|dpo|ppo|sft|rag|moe|ocr|tts|asr|cot|lora|kv|gpu|gpus|sql|api|[234]d|nlp|vqa|clip|fid|vae|gan|gans|mcts)\b/g

/** Returns a topic's display name, also for an unknown slug: "kv-cache" → "KV cache". */
export function topicName(slug: string): string {
  const known = NAMES.get(slug)
  if (known) return known
  const words = slug.replaceAll('-', ' ').replace(CAPITALS, (word) => word.toUpperCase().replace(/S$/, 's'))
  return words.charAt(0).toUpperCase() + words.slice(1)
}

/**
 * Returns a paper's topics as distinct slugs: the fields that match its title or keywords, its arXiv categories, then its keywords.
 * Keywords lose plurals and bracketed abbreviations ("Large Language Models (LLMs)" → "large-language-model").
 */
export function topicsOf({ title, keywords, categories }: Described): string[] {
  const spoken = [title, ...keywords].map((text) => text.toLowerCase())
  const fields = FIELDS.filter(({ words }) => spoken.some((text) => words.test(text))).map(fieldSlug)
  const named = (categories ?? []).map((code) => CATEGORY_NAMES[code] ?? ARCHIVE_NAMES[code.split('.')[0]!])
  const slugs = [...fields, ...named.filter((name) => name !== undefined).map(slugOf)]
  const own = keywords.slice(0, MOST_KEYWORDS).map(keywordSlug)
  return [...new Set([...slugs, ...own.filter((slug) => !FIELD_SYNONYMS.has(slug))])].filter(
    (slug) => slug.length > 1 && slug.length <= LONGEST_SLUG,
  )
}

/** Removes bracketed abbreviations and a plural's s. "bias", "physics", "basis" and "series" are not plurals. */
const keywordSlug = (keyword: string): string =>
  slugOf(keyword.replace(/\([^)]*\)/g, ' ')).replace(/(?<!s|i|u|a|ic|serie)s$/, '')

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
  const {
    rows: [last],
  } = await db.execute<{ id: string | null }>(sql`SELECT max(id) AS id FROM papers`)
  const key = JSON.stringify({ newest: last!.id, since, fewest, limit })
  const counted = cache.get(db) ?? new LRUCache(CACHE)
  cache.set(db, counted)
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

/** Returns the slugs of all topics that readers can follow: the named ones and those of papers. */
export async function knownTopics(db: Db): Promise<Set<string>> {
  const { rows } = await db.execute<{ slug: string }>(sql`SELECT DISTINCT unnest(topics) AS slug FROM papers`)
  return new Set([...NAMES.keys(), ...rows.map(({ slug }) => slug)])
}
