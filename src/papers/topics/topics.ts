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
export const TOPIC_RULES = 2

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
export function fieldsOf(paper: Described): string[] {
  const stated = [paper.title, ...paper.keywords].map((text) => text.toLowerCase())
  const bare = paper.keywords.length === 0
  const abstract = bare ? relevantAbstract(paper) : ''
  const isExcluded = ({ unless }: Field) =>
    unless !== undefined && [...stated, abstract].some((text) => unless.test(text))
  const isStated = (field: Field) =>
    (stated.some((text) => field.words.test(text)) && !isExcluded(field)) ||
    field.categories?.some((code) => paper.categories?.includes(code))
  const found = FIELDS.filter(isStated)
  const fields = bare
    ? [...found, ...FIELDS.filter((field) => !found.includes(field) && isRepeated(field, abstract))]
    : found
  const named =
    fields.length > 0 ? fields : FIELDS.filter(({ words }) => words.test(abstract || relevantAbstract(paper)))
  return named.filter((field) => found.includes(field) || !isExcluded(field)).map(({ slug }) => slug)
}

const isRepeated = ({ words, mentions = MENTIONS }: Field, abstract: string): boolean =>
  (abstract.match(new RegExp(words, 'g'))?.length ?? 0) >= mentions

/** How often an abstract must match a field, unless the field says otherwise. */
const MENTIONS = 2

/** An abstract without sentences such as "Code and data are available at …": they say nothing about the subject. */
const relevantAbstract = ({ abstract = '' }: Described): string =>
  abstract
    .toLowerCase()
    .split(/(?<=[.!?])/)
    .filter((sentence) => !AVAILABILITY.test(sentence))
    .join('')

const AVAILABILITY = /\bavailable\b|https?:|\bgithub\b|\b(release|open-source) (our|the|all) (code|data|model)/

const FIELD_SLUGS = new Set<string>(FIELDS.map(({ slug }) => slug))

/** Whether a slug is a field's. */
export const isField = (slug: string): boolean => FIELD_SLUGS.has(slug)

/** Slugs that have a name whether or not a paper has them: fields and arXiv's subjects. */
export const NAMED_TOPICS: ReadonlySet<string> = new Set([...FIELD_SLUGS, ...SUBJECTS.map(slugOf).map(canonicalSlug)])
