import { categoryNames, SUBJECTS } from './categories.ts'
import { FIELDS, type Field } from './fields.ts'
import { canonicalSlug, keywordTopic, slugOf } from './keywords.ts'

/** The parts of a paper that decide its topics. */
export interface Described {
  title: string
  abstract?: string
  keywords: readonly string[]
  /** arXiv categories such as cs.CL */
  categories?: readonly string[] | null | undefined
}

/**
 * Version of the rules in this folder. Raise it with every change of fields, names or other names.
 * Workers then give stored papers their topics again (refresh-topics.ts).
 */
export const TOPIC_RULES = 1

const MOST_KEYWORDS = 10

/** Returns a paper's topics as distinct slugs: its fields, the subjects of its arXiv categories, then its keywords. */
export function topicsOf(paper: Described): string[] {
  const subjects = categoryNames(paper.categories ?? []).map((name) => canonicalSlug(slugOf(name)))
  const keywords = paper.keywords.slice(0, MOST_KEYWORDS).flatMap((keyword) => keywordTopic(keyword) ?? [])
  const all = [...fieldsOf(paper), ...subjects, ...keywords]
  return [...new Set([...all.filter(isField), ...all])]
}

/**
 * Returns the fields that match a paper's title, keywords or categories.
 * A paper without keywords also has the fields that its abstract names often enough; without any, those that it names once.
 */
export function fieldsOf({ title, abstract = '', keywords, categories }: Described): string[] {
  const stated = [title, ...keywords].map((text) => text.toLowerCase())
  const told = withoutAvailability(abstract.toLowerCase())
  const excluding = keywords.length > 0 ? stated : [...stated, told]
  const isStated = ({ words, unless, categories: own = [] }: Field) =>
    (stated.some((text) => words.test(text)) && !excluding.some((text) => unless?.test(text))) ||
    own.some((code) => categories?.includes(code))
  const found = FIELDS.filter(isStated)
  if (found.length > 0 && keywords.length > 0) return found.map(({ slug }) => slug)
  const counts = FIELDS.map((field) => ({
    field,
    times: excluding.some((text) => field.unless?.test(text)) ? 0 : countMatches(told, field.words),
  }))
  const often = counts.filter(({ field, times }) => times >= (field.mentions ?? MENTIONS)).map(({ field }) => field)
  const fields = [...new Set([...found, ...often])]
  const named = fields.length > 0 ? fields : counts.filter(({ times }) => times > 0).map(({ field }) => field)
  return named.map(({ slug }) => slug)
}

/** How often an abstract must match a field, unless the field says otherwise. */
const MENTIONS = 2

const countMatches = (text: string, words: RegExp): number => text.match(new RegExp(words, 'g'))?.length ?? 0

/** Drops sentences such as "Code and data are available at …": they say nothing about the subject. */
const withoutAvailability = (abstract: string): string =>
  abstract.replace(
    /[^.!?]*(\bavailable\b|https?:|\bgithub\b|\b(release|open-source) (our|the|all) (code|data|model))[^.!?]*[.!?]?/g,
    ' ',
  )

const FIELD_SLUGS = new Set<string>(FIELDS.map(({ slug }) => slug))

/** Whether a slug is a field's. */
export const isField = (slug: string): boolean => FIELD_SLUGS.has(slug)

/** Slugs that have a name whether or not a paper has them: fields and arXiv's subjects. */
export const NAMED_TOPICS: ReadonlySet<string> = new Set([...FIELD_SLUGS, ...SUBJECTS.map(slugOf).map(canonicalSlug)])
