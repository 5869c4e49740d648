import type { Vector } from '../../papers/search/vectorise.ts'
import type { SimilarPaper } from './wishes.ts'

/** Finds the papers of an edition that fit a reader's taste. */
export interface TasteIndex {
  /** Returns the papers that fit, by position. */
  papersLike(taste: Vector, limits?: Limits): SimilarPaper[]
  /** Returns each paper's score, by position; above 0 for more than an average paper has. */
  scoresOf(taste: Vector): Float64Array
}

interface Limits {
  /** a paper fits when it scores above this part of the last weeks' papers, whatever the reader likes */
  percentile: number
  /** and above this score */
  least: number
}

const TASTE_LIMITS: Limits = { percentile: 0.9, least: 0 }
/** Papers like a single one. Below .1, two papers have no more in common than any other two. */
export const SINGLE_PAPER_LIMITS: Limits = { percentile: 0.97, least: 0.1 }

/** The fit of a paper at the threshold. */
const LEAST_FIT = 0.01

/**
 * Indexes an edition's papers for tastes, once, so that a reader takes some ten microseconds.
 *
 * A paper's score is its cosine with what the reader liked, minus its cosine with the average paper (Rocchio 1971). Scores of different
 * readers cannot be compared, so each reader's are ranked among those of the last weeks' papers.
 *
 * @param papers vectors of their whole texts, in the edition's order
 * @param recent vectors of the last weeks' papers; without any, the edition's own papers count
 */
export function buildTasteIndex(papers: readonly Vector[], recent: readonly Vector[]): TasteIndex {
  const compared = recent.length > 0 ? recent : papers
  const count = papers.length + compared.length
  const holders = indexTerms([...papers, ...compared])
  const common = scoreAverage(holders, papers.length, count)
  const scores = new Float64Array(count)

  const score = ({ terms, weights }: Vector) => {
    scores.set(common)
    for (let at = 0; at < terms.length; at++) {
      const held = holders.get(terms[at]!)
      if (held === undefined) continue
      const weight = weights[at]!
      for (let i = 0; i < held.papers.length; i++) scores[held.papers[i]!]! += weight * held.weights[i]!
    }
  }
  return {
    scoresOf(taste) {
      score(taste)
      return scores.slice(0, papers.length)
    },
    papersLike(taste, { percentile, least } = TASTE_LIMITS) {
      score(taste)
      const ranked = scores.subarray(papers.length).sort()
      const threshold = ranked[Math.floor(percentile * ranked.length)]!
      const similar: SimilarPaper[] = []
      for (let position = 0; position < papers.length; position++) {
        const own = scores[position]!
        if (own < threshold || own <= least) continue
        const higher = ranked.length - 1 - ranked.findLastIndex((other) => other <= own)
        similar.push({ position, fit: Math.max(1 - higher / ranked.length / (1 - percentile), LEAST_FIT) })
      }
      return similar
    },
  }
}

/** A term's papers, by their places in the index, with its weight in each. */
interface Held {
  papers: number[]
  weights: number[]
}

function indexTerms(vectors: readonly Vector[]): Map<number, Held> {
  const holders = new Map<number, Held>()
  for (const [paper, { terms, weights }] of vectors.entries()) {
    for (let at = 0; at < terms.length; at++) {
      const held = holders.get(terms[at]!) ?? { papers: [], weights: [] }
      if (held.papers.length === 0) holders.set(terms[at]!, held)
      held.papers.push(paper)
      held.weights.push(weights[at]!)
    }
  }
  return holders
}

/** Returns minus each paper's cosine with the mean of those from `first` on. */
function scoreAverage(holders: ReadonlyMap<number, Held>, first: number, count: number): Float64Array {
  const scores = new Float64Array(count)
  for (const { papers, weights } of holders.values()) {
    let sum = 0
    for (let i = 0; i < papers.length; i++) if (papers[i]! >= first) sum += weights[i]!
    const mean = sum / (count - first)
    for (let i = 0; i < papers.length; i++) scores[papers[i]!]! -= mean * weights[i]!
  }
  return scores
}
