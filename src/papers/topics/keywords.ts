import { ABBREVIATED, ALIASES, SPELLINGS } from './aliases.ts'
import { FIELDS } from './fields.ts'
import { isNoTopic } from './no-topics.ts'
import { IRREGULAR, NOUNS } from './nouns.ts'

const LONGEST_SLUG = 60
/** Characters. The rules below take quadratic time, and anybody can send a long text as a topic. */
const LONGEST_TEXT = 500

/** Returns a text's slug: "3D & rendering" → "3d-and-rendering". Empty for a text without Latin letters and digits. */
export const slugOf = (text: string): string =>
  text
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replaceAll(' & ', ' and ')
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')

/**
 * Returns the one slug of all names of a topic: "GRPO" and "group-relative-policy-optimization", "world-model" and "world-models".
 * It also repairs slugs of earlier versions, which cut the s of any plural: "reasoning-capabilitie".
 * A slug that names no known topic stays as it is, but for its plural and its spelling.
 */
export function canonicalSlug(slug: string): string {
  if (slug.length > LONGEST_TEXT) return slug
  const lower = slug.toLowerCase()
  const usual = usualForm(lower)
  const bare = usual.replace(VARIANT, '$1')
  return KNOWN.get(lower) ?? KNOWN.get(usual) ?? KNOWN.get(bare) ?? bare
}

/** "video generation model" and "video generation" are one topic. "Foundation model" and "large reasoning model" are no variants. */
const VARIANT =
  /^(?!large-)(.+-(?:\w+ing|\w+[ts]ion(?<!foundation|decision)|attention))-(?:model|framework|method|technique|approach|task|capability|ability|benchmark|mechanism|process|pipeline|strategy|algorithm|system|skill|performance)$/

const usualForm = (slug: string): string =>
  replaceAll(replaceAll(slug, SPELLINGS).replace(/[a-z]+$/, singular), ABBREVIATED)

const replaceAll = (slug: string, pairs: readonly (readonly [RegExp, string])[]): string =>
  pairs.reduce((text, [from, to]) => text.replace(from, to), slug)

/** Returns a noun's singular, in lower case: "capabilities", and "capabilitie" as earlier versions cut it, → "capability". */
export function singular(word: string): string {
  const irregular = IRREGULAR[word] ?? IRREGULAR[`${word}s`]
  if (irregular) return irregular
  const candidates = [word.replace(/ies?$/, 'y'), word.replace(/s$/, ''), word.replace(/es?$/, '')]
  return NOUNS.has(word) ? word : (candidates.find((one) => one !== word && NOUNS.has(one)) ?? word)
}

/** Every name of the fields and of the topics with other names, as written and in its usual form. */
const KNOWN: ReadonlyMap<string, string> = new Map(
  [
    ...ALIASES,
    ...ALIASES.map(([, topic]) => [topic, topic] as const),
    ...FIELDS.flatMap(({ slug, formerly = [] }) => [slug, ...formerly].map((name) => [name, slug] as const)),
  ].flatMap(([name, topic]) => [[usualForm(name), topic] as const, [name, topic] as const]),
)

/** Returns a keyword's topic, or undefined when it names none. Text in brackets is dropped: "Large Language Models (LLMs)". */
export function keywordTopic(keyword: string): string | undefined {
  if (keyword.length > LONGEST_TEXT) return undefined
  const slug = canonicalSlug(slugOf(unbracketed(keyword)))
  return slug.length > 1 && slug.length <= LONGEST_SLUG && !isNoTopic(slug) ? slug : undefined
}

/** A keyword without text in brackets: "Large Language Models (LLMs)" → "Large Language Models". */
export const unbracketed = (keyword: string): string =>
  keyword
    .replace(/\([^)]*\)/g, ' ')
    .replace(/\s+/g, ' ')
    .trim()
