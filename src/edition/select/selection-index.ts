import { LRUCache } from 'lru-cache'
import { NO_BASELINES, standingOf, type VoteBaselines } from '../../papers/ranking/standing.ts'
import { readable } from '../../papers/readable.ts'
import { foldedParts, unaccented, wordsOf } from '../../papers/search/words.ts'
import { singular } from '../../papers/topics/keywords.ts'

/** An edition's papers, indexed once so that a selection takes a few look-ups. Positions count from 0 and are ascending in all lists. */
export interface SelectionIndex {
  /** the section of each position */
  sections: readonly string[]
  /** positions outside "still rising", in the edition's order */
  ranked: readonly number[]
  /** positions of "still rising" */
  rising: readonly number[]
  /** positions of a topic's papers */
  inTopic(slug: string): readonly number[]
  /** by position: a paper's votes against the usual votes of all papers; 0 is usual */
  standing: readonly number[]
  /** the same against the usual votes of a topic, in the order of `inTopic` */
  standingIn(slug: string): readonly number[]
  /** positions of papers with these consecutive words in title, keywords or abstract, the last one in singular or plural */
  mentioning(keyword: string): readonly number[]
  /** positions of an author's papers, with the name as they write it. Case, accents and punctuation do not matter */
  byAuthor(name: string): Named
  /** the same for an organisation */
  fromOrganisation(name: string): Named
}

interface Named {
  /** plain text */
  name: string
  positions: readonly number[]
}

export interface IndexedPaper {
  section: string
  topics: readonly string[]
  title: string
  abstract: string
  keywords: readonly string[]
  authors?: readonly string[]
  organization?: string | null
  /** null: unknown */
  votes?: number | null
}

/** Cached keywords: many readers share one, and the cache must stay bounded. */
const MAX_CACHED_KEYWORDS = 5000

/** @param papers in the edition's order */
export function buildSelectionIndex(
  papers: readonly IndexedPaper[],
  usuals: VoteBaselines = NO_BASELINES,
): SelectionIndex {
  const positions = papers.map((_, position) => position)
  const topics = new Map<string, number[]>()
  papers.forEach((paper, position) => {
    for (const slug of new Set(paper.topics)) topics.set(slug, [...(topics.get(slug) ?? []), position])
  })
  const standings = new Map(
    [...topics].map(([slug, own]) => [slug, own.map((at) => standingOf(papers[at]!.votes ?? 0, usuals, slug))]),
  )
  const texts = papers.map(
    ({ title, abstract, keywords }) =>
      ` ${[title, ...keywords, abstract].map((text) => normalize(readable(text))).join('  ')} `,
  )
  const positionsOf = indexWords(texts)
  const mentions = new LRUCache<string, readonly number[]>({ max: MAX_CACHED_KEYWORDS })
  return {
    sections: papers.map((paper) => paper.section),
    ranked: positions.filter((position) => papers[position]!.section !== 'rising'),
    rising: positions.filter((position) => papers[position]!.section === 'rising'),
    inTopic: (slug) => topics.get(slug) ?? NO_POSITIONS,
    standing: papers.map((paper) => standingOf(paper.votes ?? 0, usuals)),
    standingIn: (slug) => standings.get(slug) ?? NO_POSITIONS,
    mentioning(keyword) {
      const cached = mentions.get(keyword)
      if (cached) return cached
      const words = foldedParts(keyword)
      const last = words.pop()
      // A keyword of marks alone, such as "∞".
      if (last === undefined) return NO_POSITIONS
      const signs = signsIn(keyword)
      const forms = formsOf(last)
      const rarest = words
        .map(positionsOf)
        .reduce((a, b) => (b.length < a.length ? b : a), forms.map(positionsOf).reduce(union))
      const phrases = forms.map((form) => ` ${[...words, form].join(' ')} `)
      // The word index answers for one word. For a phrase, search the texts that contain its rarest word.
      const found = rarest.filter(
        (at) =>
          (words.length === 0 || phrases.some((phrase) => texts[at]!.includes(phrase))) &&
          (signs.length === 0 || hasSigns(papers[at]!, signs)),
      )
      mentions.set(keyword, found)
      return found
    },
    byAuthor: indexNames(papers.map((paper) => paper.authors ?? [])),
    fromOrganisation: indexNames(papers.map(({ organization }) => (organization ? [organization] : []))),
  }
}

/** Returns a look-up from a name to the positions of the papers with it. */
function indexNames(names: readonly (readonly string[])[]): (name: string) => Named {
  const index = new Map<string, { name: string; positions: number[] }>()
  names.forEach((own, position) => {
    for (const written of own) {
      const name = readable(written)
      const key = normalize(name)
      const known = index.get(key)
      if (!known) index.set(key, { name, positions: [position] })
      else if (known.positions.at(-1) !== position) known.positions.push(position)
    }
  })
  index.delete('')
  return (name) => index.get(normalize(name)) ?? { name, positions: NO_POSITIONS }
}

/** "Müller's LoRA-based" → "muller s lora based": only words, folded as search folds them (Łukasz → lukasz). */
const normalize = (text: string): string => foldedParts(text).join(' ')

/** A word with a plural, and the singular of a noun: "world models" and "world model" find the same papers. "Novels" is not "novel". */
function formsOf(word: string): string[] {
  const one = singular(word)
  return [...new Set([word, ...(wordsOf(one).length > 0 ? [one] : [])])].flatMap((form) => [form, `${form}s`])
}

/** Marks that end a name, and make it another one: "C++" and "C#" are not C, and "A* search" is not "a search". */
const SIGNED = /(?<![\p{L}\p{N}])[\p{L}\p{N}]+(?:\+{1,2}|#|\*)(?![\p{L}\p{N}+#*])/gu

const signsIn = (text: string): string[] => unaccented(text).match(SIGNED) ?? []

function hasSigns({ title, abstract, keywords }: IndexedPaper, signs: readonly string[]): boolean {
  const own = new Set([title, abstract, ...keywords].flatMap((text) => signsIn(readable(text))))
  return signs.every((sign) => own.has(sign))
}

/** Returns a look-up from a word to the positions of the texts that contain it. */
function indexWords(texts: readonly string[]): (word: string) => readonly number[] {
  const index = new Map<string, number[]>()
  texts.forEach((text, position) => {
    for (const word of new Set(text.split(' '))) {
      const known = index.get(word)
      if (known) known.push(position)
      else index.set(word, [position])
    }
  })
  // Splitting at spaces also yields empty strings, and an empty keyword must match no paper.
  index.delete('')
  return (word) => index.get(word) ?? NO_POSITIONS
}

const union = (a: readonly number[], b: readonly number[]): readonly number[] =>
  b.length === 0 ? a : [...new Set([...a, ...b])].sort((one, other) => one - other)

const NO_POSITIONS: readonly number[] = []
