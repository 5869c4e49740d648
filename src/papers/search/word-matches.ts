import { wordsOf } from './words.ts'

/** The texts of a paper that search finds, as pages show them. */
export interface SearchedTexts {
  title: string
  abstract: string
  summary: string | null
  authors: readonly string[]
  organization: string | null
  keywords: readonly string[]
}

/** How often a word counts for each time it stands in a text. The abstract is the measure. */
const TIMES = { title: 2, abstract: 1, summary: 0.5, authors: 1, organization: 1, keywords: 1 }
/** A paper may have 3,303 authors. The first ones are found by any of the words, all of them by all words. */
const MOST_AUTHORS = 100
/** The constants of BM25 (Robertson and Zaragoza 2009, § 3.3): how soon more of a word adds nothing, and how much length counts. */
const SATURATION = 1.2
const LENGTH_SHARE = 0.75
/** Usual number of counted words. A constant, so that a paper's weights do not change with the library. */
const USUAL_LENGTH = 170

/** Returns how much a paper is about each of its words, from 0 to 1: BM25 over weighted fields, without the word's rarity. */
export function wordMatches(paper: SearchedTexts): Map<string, number> {
  const counts = new Map<string, number>()
  let length = 0
  for (const [field, times] of Object.entries(TIMES) as [keyof SearchedTexts, number][]) {
    const value = paper[field] ?? ''
    const texts = typeof value === 'string' ? [value] : value.slice(0, MOST_AUTHORS)
    for (const word of texts.flatMap(wordsOf)) {
      counts.set(word, (counts.get(word) ?? 0) + times)
      length += times
    }
  }
  const half = SATURATION * (1 - LENGTH_SHARE + (LENGTH_SHARE * length) / USUAL_LENGTH)
  return new Map([...counts].map(([word, count]) => [word, count / (count + half)]))
}
