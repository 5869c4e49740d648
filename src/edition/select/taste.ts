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
export const SINGLE_PAPER_LIMITS: Limits = { percentile: 0.95, least: 0.1 }

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
  const postings = indexTerms([...papers, ...compared])
  const common = scoreAverage(postings, papers.length, count)
  const scores = new Float64Array(count)
  const { rows, starts, places, weights } = postings

  const score = (taste: Vector) => {
    scores.set(common)
    for (let at = 0; at < taste.terms.length; at++) {
      const row = rows.get(taste.terms[at]!)
      if (row === undefined) continue
      const weight = taste.weights[at]!
      const end = starts[row + 1]!
      for (let i = starts[row]!; i < end; i++) scores[places[i]!]! += weight * weights[i]!
    }
  }
  return {
    scoresOf(taste) {
      score(taste)
      return scores.slice(0, papers.length)
    },
    papersLike(taste, { percentile, least } = TASTE_LIMITS) {
      score(taste)
      const most = (1 - percentile) * compared.length
      const similar: SimilarPaper[] = []
      for (let position = 0; position < papers.length; position++) {
        const own = scores[position]!
        if (own <= least) continue
        let higher = 0
        for (let other = papers.length; other < count && higher < most; other++) if (scores[other]! > own) higher++
        if (higher < most) similar.push({ position, fit: 1 - higher / most })
      }
      return similar
    },
  }
}

/** The papers that have each term, in flat arrays: reading them is most of the work for a reader. */
interface Postings {
  /** term → its row */
  rows: ReadonlyMap<number, number>
  /** row → its first entry; one more than there are rows */
  starts: Uint32Array
  /** entry → the paper's place in the index */
  places: Uint16Array
  /** entry → the term's weight in the paper */
  weights: Float32Array
}

function indexTerms(vectors: readonly Vector[]): Postings {
  const rows = new Map<number, number>()
  const sizes: number[] = []
  for (const { terms } of vectors) {
    for (const term of terms) {
      const row = rows.get(term) ?? rows.size
      rows.set(term, row)
      sizes[row] = (sizes[row] ?? 0) + 1
    }
  }
  const starts = new Uint32Array(sizes.length + 1)
  for (let row = 0; row < sizes.length; row++) starts[row + 1] = starts[row]! + sizes[row]!
  const places = new Uint16Array(starts.at(-1)!)
  const weights = new Float32Array(places.length)
  const next = starts.slice()
  for (const [place, vector] of vectors.entries()) {
    for (let at = 0; at < vector.terms.length; at++) {
      const entry = next[rows.get(vector.terms[at]!)!]!++
      places[entry] = place
      weights[entry] = vector.weights[at]!
    }
  }
  return { rows, starts, places, weights }
}

/** Returns minus each paper's cosine with the mean of those from `first` on. */
function scoreAverage({ starts, places, weights }: Postings, first: number, count: number): Float64Array {
  const scores = new Float64Array(count)
  for (let row = 0; row + 1 < starts.length; row++) {
    let sum = 0
    for (let i = starts[row]!; i < starts[row + 1]!; i++) if (places[i]! >= first) sum += weights[i]!
    const mean = sum / (count - first)
    for (let i = starts[row]!; i < starts[row + 1]!; i++) scores[places[i]!]! -= mean * weights[i]!
  }
  return scores
}
