import { wordsOf } from './words.ts'

/**
 * Turns a text into a vector, so that papers can be compared. Another text model would replace this module.
 * The vectors are tf-idf over words (Salton and Buckley 1988): docs/decisions/words-not-embeddings.md.
 */

/** A word in the title counts as this many in the abstract. */
const TITLE_WEIGHT = 2

/** Counts each word of a paper. */
export function countWords({ title, abstract }: { title: string; abstract: string }): Map<string, number> {
  const counts = new Map<string, number>()
  for (const [text, times] of [
    [title, TITLE_WEIGHT],
    [abstract, 1],
  ] as const) {
    for (const word of wordsOf(text)) counts.set(word, (counts.get(word) ?? 0) + times)
  }
  return counts
}

/** Term ids with their weights, the heaviest first. The squares of the weights add up to 1, unless it is empty. */
export interface Vector {
  terms: number[]
  weights: number[]
}

/**
 * Returns the words, heaviest first, each with the weight (1 + ln tf) × ln(corpus / papers with the word).
 * @param known each word's id and the number of papers in the corpus that have it
 * @param corpus number of papers
 * @param most keeps only this many words
 */
export function vectorise(
  counts: ReadonlyMap<string, number>,
  known: ReadonlyMap<string, { id: number; papers: number }>,
  corpus: number,
  most = Number.POSITIVE_INFINITY,
): Vector {
  const weighed = [...counts]
    .map(([word, count]) => ({
      ...known.get(word),
      weight: (1 + Math.log(count)) * inverseFrequency(known.get(word)?.papers, corpus),
    }))
    .filter((term): term is typeof term & { id: number } => term.id !== undefined && term.weight > 0)
    .sort((a, b) => b.weight - a.weight || a.id - b.id)
    .slice(0, most)
  const length = Math.hypot(...weighed.map((term) => term.weight))
  return { terms: weighed.map((term) => term.id), weights: weighed.map((term) => term.weight / length) }
}

/** Adds 1 to the corpus, so that the words of a single paper have a weight. */
const inverseFrequency = (papers: number | undefined, corpus: number): number =>
  papers === undefined ? 0 : Math.log((corpus + 1) / Math.max(papers, 1))
